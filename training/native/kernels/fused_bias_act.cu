// fused_bias_act on the GPU: one pass over memory, the sum for the bias's gradient included.
//
// The sum has two stages, so that it needs no atomic additions, whose order changes from run to
// run: every block writes the sum of its share, a slab, to `scratch` [slabs, channels], and a
// second kernel adds the slabs up.

#include "fused_bias_act_gpu.h"
#include "gpu_common.cuh"

namespace gaps {
namespace {

constexpr int kThreads = 256;
constexpr int kWarp = 32;

// The activation known at compile time, or any.
constexpr int kAny = -1;
constexpr int kLrelu = static_cast<int>(Activation::lrelu);

template <typename T>
struct Tensors {
  const T *multiplier, *x, *bias;
  T* output;
};

template <int kActivation>
__device__ float evaluate(const BiasActFormula& formula, float x) {
  const Activation activation =
      kActivation == kAny ? formula.activation : static_cast<Activation>(kActivation);
  return formula.gain * activation_derivative<float>(activation, formula.order, x, formula.alpha);
}

// Computes the N outputs from `offset` on.
template <typename T, int N, int kActivation>
__device__ void apply(const BiasActFormula& formula, const Tensors<T>& tensors, int64_t offset,
                      const float (&bias)[N], float (&results)[N]) {
  float x[N], multiplier[N];
  load(tensors.x + offset, x);
  if (tensors.multiplier) {
    load(tensors.multiplier + offset, multiplier);
  } else {
    fill(1.0f, multiplier);
  }
#pragma unroll
  for (int i = 0; i < N; ++i) {
    results[i] = multiplier[i] * evaluate<kActivation>(formula, x[i] + bias[i]);
  }
  store(results, tensors.output + offset);
}

// The bias of the N elements from channel `channel` on: N channels' where they lie side by side.
template <typename T, int N>
__device__ void load_bias(const T* bias, int64_t channel, bool side_by_side, float (&values)[N]) {
  if (bias == nullptr) {
    fill(0.0f, values);
  } else if (side_by_side) {
    load(bias + channel, values);
  } else {
    fill(to_float(bias[channel]), values);
  }
}

// Without a sum: a thread takes N elements at a time.
template <typename T, int N, int kActivation>
__global__ void __launch_bounds__(kThreads)
    elementwise_kernel(BiasActSizes sizes, BiasActFormula formula, Tensors<T> tensors) {
  const int64_t groups = sizes.outer * sizes.channels * sizes.inner / N;
  const int64_t step = static_cast<int64_t>(gridDim.x) * kThreads;
  for (int64_t group = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x; group < groups;
       group += step) {
    float bias[N], results[N];
    int64_t place = quotient(group * N, sizes.inner);
    const int64_t channel = split(&place, sizes.channels);
    load_bias(tensors.bias, channel, sizes.inner == 1, bias);
    apply<T, N, kActivation>(formula, tensors, group * N, bias, results);
  }
}

// Adds `values` up over threadIdx.y, of which there is a power of two; the threads with
// threadIdx.y == 0 get the sums.
template <int N>
__device__ void sum_over_y(float (&values)[N]) {
  __shared__ float shared[kThreads * N];
  const int row = blockDim.x * N;
  float* own = shared + threadIdx.y * row + threadIdx.x * N;
#pragma unroll
  for (int i = 0; i < N; ++i) own[i] = values[i];
  for (unsigned rows = blockDim.y / 2; rows > 0; rows /= 2) {
    __syncthreads();
    if (threadIdx.y < rows) {
#pragma unroll
      for (int i = 0; i < N; ++i) own[i] += own[rows * row + i];
    }
  }
#pragma unroll
  for (int i = 0; i < N; ++i) values[i] = own[i];
  __syncthreads();  // `shared` is free for the next call
}

// With a sum, channels last. A block has a tile of blockDim.x * N channels, and blockDim.y rows at
// a time of its slab's.
template <typename T, int N, int kActivation>
__global__ void __launch_bounds__(kThreads)
    rows_kernel(BiasActSizes sizes, BiasActFormula formula, Tensors<T> tensors, float* scratch) {
  const int64_t tile = static_cast<int64_t>(blockDim.x) * N;
  for (int64_t start = blockIdx.x * tile; start < sizes.channels; start += gridDim.x * tile) {
    const int64_t channel = start + threadIdx.x * N;
    const bool inside = channel < sizes.channels;
    float bias[N], results[N], sums[N] = {};
    if (inside) {
      load_bias(tensors.bias, channel, true, bias);
      for (int64_t row = static_cast<int64_t>(blockIdx.y) * blockDim.y + threadIdx.y;
           row < sizes.outer; row += static_cast<int64_t>(gridDim.y) * blockDim.y) {
        apply<T, N, kActivation>(formula, tensors, row * sizes.channels + channel, bias, results);
#pragma unroll
        for (int i = 0; i < N; ++i) sums[i] += results[i];
      }
    }
    sum_over_y(sums);
    if (inside && threadIdx.y == 0) {
#pragma unroll
      for (int i = 0; i < N; ++i) scratch[blockIdx.y * sizes.channels + channel + i] = sums[i];
    }
  }
}

// With a sum, channels first. A block has one channel, of its slab of the outer and inner axes.
template <typename T, int N, int kActivation>
__global__ void __launch_bounds__(kThreads)
    planes_kernel(BiasActSizes sizes, BiasActFormula formula, Tensors<T> tensors, float* scratch) {
  const int64_t groups = sizes.inner / N;  // of one plane
  for (int64_t channel = blockIdx.x; channel < sizes.channels; channel += gridDim.x) {
    float bias[N], results[N], sum[1] = {};
    load_bias(tensors.bias, channel, false, bias);
    for (int64_t group = static_cast<int64_t>(blockIdx.y) * kThreads + threadIdx.y;
         group < sizes.outer * groups; group += static_cast<int64_t>(gridDim.y) * kThreads) {
      int64_t outer = group;
      const int64_t inner = split(&outer, groups) * N;
      const int64_t offset = (outer * sizes.channels + channel) * sizes.inner + inner;
      apply<T, N, kActivation>(formula, tensors, offset, bias, results);
#pragma unroll
      for (int i = 0; i < N; ++i) sum[0] += results[i];
    }
    sum_over_y(sum);
    if (threadIdx.y == 0) scratch[blockIdx.y * sizes.channels + channel] = sum[0];
  }
}

// The second stage: bias_sum[channel] is the sum of scratch[:, channel].
template <typename T>
__global__ void __launch_bounds__(kThreads)
    slabs_kernel(int64_t slabs, int64_t channels, const float* scratch, T* bias_sum) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * kWarp;
  for (int64_t start = static_cast<int64_t>(blockIdx.x) * kWarp; start < channels; start += step) {
    const int64_t channel = start + threadIdx.x;
    float sum[1] = {};
    if (channel < channels) {
      for (int64_t slab = threadIdx.y; slab < slabs; slab += blockDim.y) {
        sum[0] += scratch[slab * channels + channel];
      }
    }
    sum_over_y(sum);
    if (channel < channels && threadIdx.y == 0) bias_sum[channel] = from_float<T>(sum[0]);
  }
}

// Enough slabs that all blocks together fill the largest GPU, not so many that a block has little
// to do.
int64_t slab_count(const BiasActSizes& sizes) {
  constexpr int64_t kElementsOfBlock = 8192, kBlocks = 2048;
  const int64_t tiles = std::max<int64_t>(
      1, sizes.inner == 1 ? ceil_div(sizes.channels, 4 * kWarp) : sizes.channels);
  const int64_t elements = sizes.outer * sizes.channels * sizes.inner;
  const int64_t most = std::max<int64_t>(1, kBlocks / tiles);
  return std::clamp<int64_t>(elements / tiles / kElementsOfBlock, 1, most);
}

template <typename T, int N, int kActivation>
GpuError launch_summing(const BiasActSizes& sizes, const BiasActFormula& formula,
                        const Tensors<T>& tensors, float* scratch, cudaStream_t stream) {
  const int64_t slabs = slab_count(sizes);
  if (sizes.inner > 1) {
    const dim3 grid(std::min(sizes.channels, kMostBlocks), slabs);
    return launch(planes_kernel<T, N, kActivation>, grid, dim3(1, kThreads), stream, sizes, formula,
                  tensors, scratch);
  }
  const int64_t groups = sizes.channels / N;
  int width = 1;  // of a block, in threads
  while (width < kWarp && width < groups) width *= 2;
  const dim3 grid(std::min(ceil_div(groups, width), kMostBlocks), slabs);
  return launch(rows_kernel<T, N, kActivation>, grid, dim3(width, kThreads / width), stream, sizes,
                formula, tensors, scratch);
}

template <typename T, int N, int kActivation>
GpuError launch_first(const BiasActSizes& sizes, const BiasActFormula& formula,
                      const Tensors<T>& tensors, float* scratch, cudaStream_t stream) {
  if (scratch != nullptr) {
    return launch_summing<T, N, kActivation>(sizes, formula, tensors, scratch, stream);
  }
  const int64_t groups = sizes.outer * sizes.channels * sizes.inner / N;
  return launch(elementwise_kernel<T, N, kActivation>, blocks_for(groups, kThreads), kThreads,
                stream, sizes, formula, tensors);
}

template <typename T, int N>
GpuError choose_activation(const BiasActSizes& sizes, const BiasActFormula& formula,
                           const Tensors<T>& tensors, float* scratch, cudaStream_t stream) {
  if (formula.activation == Activation::lrelu) {
    return launch_first<T, N, kLrelu>(sizes, formula, tensors, scratch, stream);
  }
  return launch_first<T, N, kAny>(sizes, formula, tensors, scratch, stream);
}

template <typename T>
GpuError run(const BiasActSizes& sizes, const BiasActFormula& formula, const Tensors<T>& tensors,
             float* scratch, T* bias_sum, cudaStream_t stream) {
  if (sizes.outer * sizes.channels * sizes.inner == 0) {
    if (scratch == nullptr || sizes.channels == 0) return nullptr;
    const cudaError_t error = cudaMemsetAsync(bias_sum, 0, sizes.channels * sizeof(T), stream);
    return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
  }
  const int64_t in_a_row = sizes.inner == 1 ? sizes.channels : sizes.inner;
  const bool wide = in_a_row % kWide<T> == 0 && aligned(tensors.multiplier, tensors.x,
                                                        tensors.bias, tensors.output);
  const GpuError error =
      wide ? choose_activation<T, kWide<T>>(sizes, formula, tensors, scratch, stream)
           : choose_activation<T, 1>(sizes, formula, tensors, scratch, stream);
  if (error != nullptr || scratch == nullptr) return error;
  return launch(slabs_kernel<T>, blocks_for(sizes.channels, kWarp), dim3(kWarp, kThreads / kWarp),
                stream, slab_count(sizes), sizes.channels, scratch, bias_sum);
}

template <typename T>
GpuError cast_and_run(const BiasActSizes& sizes, const BiasActFormula& formula,
                      const void* multiplier, const void* x, const void* bias, void* output,
                      float* scratch, void* bias_sum, cudaStream_t stream) {
  const Tensors<T> tensors = {static_cast<const T*>(multiplier), static_cast<const T*>(x),
                              static_cast<const T*>(bias), static_cast<T*>(output)};
  return run<T>(sizes, formula, tensors, scratch, static_cast<T*>(bias_sum), stream);
}

}  // namespace

int64_t bias_act_gpu_scratch(const BiasActSizes& sizes) {
  return std::max<int64_t>(1, slab_count(sizes) * sizes.channels);
}

GpuError bias_act_gpu(GpuType type, const BiasActSizes& sizes, const BiasActFormula& formula,
                      const void* multiplier, const void* x, const void* bias, void* output,
                      float* scratch, void* bias_sum, cudaStream_t stream) {
  switch (type) {
    case GpuType::float16:
      return cast_and_run<__half>(sizes, formula, multiplier, x, bias, output, scratch, bias_sum,
                                  stream);
    case GpuType::bfloat16:
      return cast_and_run<__nv_bfloat16>(sizes, formula, multiplier, x, bias, output, scratch,
                                         bias_sum, stream);
    case GpuType::float32:
      return cast_and_run<float>(sizes, formula, multiplier, x, bias, output, scratch, bias_sum,
                                 stream);
  }
  return "unknown type";
}

}  // namespace gaps
