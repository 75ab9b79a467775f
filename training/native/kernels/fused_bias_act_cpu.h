// Bias, activation derivative, multiplier and the sum of the result, in one pass on a CPU.
//
// The tensor [outer, channels, inner] is cut into blocks that depend on its sizes only. Each block
// keeps its own sums, which are added in a fixed order, so that any number of threads gives the
// same bits.

#ifndef GAPS_KERNELS_FUSED_BIAS_ACT_CPU_H_
#define GAPS_KERNELS_FUSED_BIAS_ACT_CPU_H_

#include <algorithm>

#include "element.h"

namespace gaps {

constexpr int64_t kChunk = 1024;  // elements that are computed at a time, in the nearest cache

template <typename F>
struct BiasAct {
  Activation activation;
  int order;
  F alpha, gain;
};

struct BiasActBlocks {
  int64_t outer, channels, inner;  // numbers of blocks
  int64_t outer_size, channel_size, inner_size;

  explicit BiasActBlocks(const BiasActSizes& sizes) {
    const int64_t elements = sizes.outer * sizes.channels * sizes.inner;
    const int64_t outers = std::clamp<int64_t>(elements / 8192, 1, 256);
    outer_size = (sizes.outer + outers - 1) / outers;
    inner_size = std::min<int64_t>(sizes.inner, 64 * kChunk);
    channel_size = std::min(sizes.channels, std::max<int64_t>(kChunk / inner_size, 1));
    outer = (sizes.outer + outer_size - 1) / outer_size;
    channels = (sizes.channels + channel_size - 1) / channel_size;
    inner = (sizes.inner + inner_size - 1) / inner_size;
  }

  int64_t count() const { return outer * channels * inner; }
  int64_t elements() const { return outer_size * channel_size * inner_size; }
  int64_t partial_sums() const { return outer * inner; }  // for each channel
};

// Pointers may be null: no multiplier, no bias, no sums. `partial` is [partial_sums, channels].
template <typename T, typename F>
struct BiasActArrays {
  const T *multiplier, *x, *bias;
  T* output;
  F* partial;
};

template <typename F>
GAPS_HD void ApplyConstant(Activation activation, int order, F alpha, F* values, int64_t n) {
  for (int64_t j = 0; j < n; ++j) {
    values[j] = activation_derivative(activation, order, values[j], alpha);
  }
}

// Constants in the call make loops without a branch.
template <typename F>
GAPS_HD void Apply(const BiasAct<F>& op, F* values, int64_t n) {
#define GAPS_CASE(NAME)                                                                        \
  case Activation::NAME:                                                                       \
    if (op.order == 0) return ApplyConstant(Activation::NAME, 0, op.alpha, values, n);         \
    if (op.order == 1) return ApplyConstant(Activation::NAME, 1, op.alpha, values, n);         \
    return ApplyConstant(Activation::NAME, 2, op.alpha, values, n)
  switch (op.activation) {
    GAPS_CASE(linear);
    GAPS_CASE(relu);
    GAPS_CASE(lrelu);
    GAPS_CASE(tanh);
    GAPS_CASE(sigmoid);
    GAPS_CASE(elu);
    GAPS_CASE(selu);
    GAPS_CASE(softplus);
    GAPS_CASE(swish);
  }
#undef GAPS_CASE
}

// `values` holds x + bias and gets the result of `n` elements from `at` on.
template <typename T, typename F>
GAPS_HD void FinishChunk(const BiasAct<F>& op, const BiasActArrays<T, F>& arrays, int64_t at,
                         F* GAPS_RESTRICT values, int64_t n) {
  Apply(op, values, n);
  if (arrays.multiplier != nullptr) {
    const T* multiplier = arrays.multiplier + at;
    for (int64_t j = 0; j < n; ++j) values[j] *= op.gain * Load(multiplier[j]);
  } else {
    for (int64_t j = 0; j < n; ++j) values[j] *= op.gain;
  }
  T* output = arrays.output + at;
  for (int64_t j = 0; j < n; ++j) Store(values[j], &output[j]);
}

// A block where the channels are the last axis: rows of `width` channels, as many at a time as
// make a chunk, with the bias and the sums repeated as often.
template <typename T, typename F>
GAPS_HD void LastAxisBlock(const BiasAct<F>& op, const BiasActSizes& sizes,
                           const BiasActArrays<T, F>& arrays, int64_t begin, int64_t end,
                           int64_t channel, int64_t width, F* partial) {
  F values[kChunk], bias[kChunk], sums[kChunk];
  const int64_t rows = width == sizes.channels ? std::max<int64_t>(kChunk / width, 1) : 1;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t j = 0; j < width; ++j) {
      bias[row * width + j] = arrays.bias == nullptr ? F(0) : Load(arrays.bias[channel + j]);
      sums[row * width + j] = 0;
    }
  }
  for (int64_t row = begin; row < end; row += rows) {
    const int64_t at = row * sizes.channels + channel, n = std::min(rows, end - row) * width;
    const T* x = arrays.x + at;
    for (int64_t j = 0; j < n; ++j) values[j] = Load(x[j]) + bias[j];
    FinishChunk(op, arrays, at, values, n);
    if (partial == nullptr) continue;
    for (int64_t j = 0; j < n; ++j) sums[j] += values[j];
  }
  if (partial == nullptr) return;
  std::fill_n(partial, width, F(0));
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t j = 0; j < width; ++j) partial[j] += sums[row * width + j];
  }
}

// The sum of an array; in lanes, which vectorise in any instruction set and add up the same.
template <typename F>
GAPS_HD F Sum(const F* values, int64_t n) {
  constexpr int64_t kLanes = 16;
  F lanes[kLanes] = {};
  int64_t j = 0;
  for (; j + kLanes <= n; j += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] += values[j + lane];
  }
  for (; j < n; ++j) lanes[0] += values[j];
  F sum = 0;
  for (F lane : lanes) sum += lane;
  return sum;
}

// One channel of a block where other axes follow it: stretches with one bias.
template <typename T, typename F>
GAPS_HD void InnerAxesBlock(const BiasAct<F>& op, const BiasActSizes& sizes,
                            const BiasActArrays<T, F>& arrays, int64_t begin, int64_t end,
                            int64_t channel, int64_t inner_begin, int64_t inner_end, F* partial) {
  F values[kChunk], sum = 0;
  const F bias = arrays.bias == nullptr ? F(0) : Load(arrays.bias[channel]);
  for (int64_t row = begin; row < end; ++row) {
    const int64_t start = (row * sizes.channels + channel) * sizes.inner;
    for (int64_t i = inner_begin; i < inner_end; i += kChunk) {
      const int64_t n = std::min(kChunk, inner_end - i);
      const T* x = arrays.x + start + i;
      for (int64_t j = 0; j < n; ++j) values[j] = Load(x[j]) + bias;
      FinishChunk(op, arrays, start + i, values, n);
      if (partial != nullptr) sum += Sum(values, n);
    }
  }
  if (partial != nullptr) *partial = sum;
}

template <typename T, typename F>
GAPS_HD void BiasActBlock(const BiasAct<F>& op, const BiasActSizes& sizes,
                          const BiasActBlocks& blocks, const BiasActArrays<T, F>& arrays,
                          int64_t block) {
  const int64_t inner_block = block % blocks.inner;
  const int64_t channel = block / blocks.inner % blocks.channels * blocks.channel_size;
  const int64_t outer_block = block / blocks.inner / blocks.channels;
  const int64_t begin = outer_block * blocks.outer_size;
  const int64_t end = std::min(begin + blocks.outer_size, sizes.outer);
  const int64_t channel_end = std::min(channel + blocks.channel_size, sizes.channels);
  F* partial = arrays.partial;
  if (partial != nullptr) partial += (outer_block * blocks.inner + inner_block) * sizes.channels;
  if (sizes.inner == 1) {
    return LastAxisBlock(op, sizes, arrays, begin, end, channel, channel_end - channel,
                         partial == nullptr ? nullptr : partial + channel);
  }
  const int64_t inner_begin = inner_block * blocks.inner_size;
  const int64_t inner_end = std::min(inner_begin + blocks.inner_size, sizes.inner);
  for (int64_t c = channel; c < channel_end; ++c) {
    InnerAxesBlock(op, sizes, arrays, begin, end, c, inner_begin, inner_end,
                   partial == nullptr ? nullptr : partial + c);
  }
}

}  // namespace gaps

#endif  // GAPS_KERNELS_FUSED_BIAS_ACT_CPU_H_
