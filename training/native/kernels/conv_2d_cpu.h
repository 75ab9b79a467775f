// Convolutions of few, small images on CPUs, and their gradients, free of TensorFlow: what a
// general one spends on rearranging its input takes longer there than the products.
//
// Both directions are sums over taps: an output pixel is the sum, over its taps, of an input
// pixel's channels times the tap's matrix [channels, filters]. The input is copied with a margin of
// zeros, so that every tap is inside.

#ifndef TRAINING_NATIVE_KERNELS_CONV_2D_CPU_H_
#define TRAINING_NATIVE_KERNELS_CONV_2D_CPU_H_

#include <algorithm>
#include <cstring>
#include <vector>

#include "element.h"

namespace gaps {

typedef float Lanes __attribute__((vector_size(32)));  // two registers of SSE, one of AVX
constexpr int kLanes = 8;
constexpr int kBlock = 2 * kLanes;  // filters that are computed at a time
constexpr int kMostRows = 6;        // pixels (or channels) that are, with 12 sums in registers

// out[y, x] = sum of in[y * stride + ky - top, x * stride + kx - left] * kernel[ky, kx].
struct ConvSizes {
  int64_t batch, height, width, channels;           // of the input
  int64_t out_height, out_width, filters;           // of the output
  int64_t kernel_height, kernel_width, stride, top, left;
};

inline int64_t Blocks(int64_t size, int64_t of) { return (size + of - 1) / of; }

// Images [N, H, W, C] with a margin of zeros, and channels filled up to `stride` of them.
struct Padded {
  int64_t height, width, stride;
  std::vector<float> values;

  Padded(const float* images, int64_t batch, int64_t in_height, int64_t in_width, int64_t channels,
         int64_t top, int64_t left, int64_t height, int64_t width, int64_t stride)
      : height(height), width(width), stride(stride), values(batch * height * width * stride) {
    const int64_t rows = std::min(in_height, height - top), columns = std::min(in_width, width - left);
    for (int64_t n = 0; n < batch; ++n) {
      for (int64_t y = 0; y < rows; ++y) {
        const float* from = images + (n * in_height + y) * in_width * channels;
        float* to = values.data() + ((n * height + top + y) * width + left) * stride;
        if (stride == channels) {
          std::memcpy(to, from, columns * channels * sizeof(float));
          continue;
        }
        for (int64_t x = 0; x < columns; ++x) {
          std::memcpy(to + x * stride, from + x * channels, channels * sizeof(float));
        }
      }
    }
  }
};

struct Tap {
  int64_t row, column;  // of the padded input, for the lattice's first pixel
  int64_t matrix;       // of the packed kernel
};

// Output pixels at equal distances, which have the same taps.
struct Lattice {
  int64_t y, x, rows, columns;
  std::vector<Tap> taps;
};

// The work of a convolution, or of its gradient with respect to the input.
struct ConvPlan {
  Padded input;
  int64_t batch, channels, filters, height, width;  // of the output, but for the channels
  int64_t in_step, out_step;                        // from one pixel of a lattice to the next
  std::vector<Lattice> lattices;
  std::vector<float> kernel;  // [blocks of filters, taps, channels, kBlock]
  int64_t kernel_taps;

  int64_t lattice_rows() const {  // of all images and lattices
    int64_t rows = 0;
    for (const Lattice& each : lattices) rows += each.rows;
    return batch * rows;
  }
};

// kernel [taps, rows, columns], or its transposes [taps, columns, rows], in blocks of filters.
inline std::vector<float> Packed(const float* kernel, int64_t taps, int64_t channels,
                                 int64_t filters, bool transposed) {
  const int64_t blocks = Blocks(filters, kBlock);
  std::vector<float> packed(blocks * taps * channels * kBlock);
  for (int64_t t = 0; t < taps * channels; ++t) {
    for (int64_t f = 0; f < filters; ++f) {
      const int64_t tap = t / channels, channel = t % channels;
      const int64_t from = transposed ? (tap * filters + f) * channels + channel : t * filters + f;
      packed[(f / kBlock * taps * channels + t) * kBlock + f % kBlock] = kernel[from];
    }
  }
  return packed;
}

inline ConvPlan PlanConv(const ConvSizes& s, const float* images, const float* kernel) {
  const int64_t height = (s.out_height - 1) * s.stride + s.kernel_height;
  const int64_t width = (s.out_width - 1) * s.stride + s.kernel_width;
  const int64_t taps = s.kernel_height * s.kernel_width;
  Lattice all{0, 0, s.out_height, s.out_width, {}};
  for (int64_t tap = 0; tap < taps; ++tap) {
    all.taps.push_back({tap / s.kernel_width, tap % s.kernel_width, tap});
  }
  return {Padded(images, s.batch, s.height, s.width, s.channels, s.top, s.left, height, width,
                 s.channels),
          s.batch, s.channels, s.filters, s.out_height, s.out_width, s.stride, 1, {all},
          Packed(kernel, taps, s.channels, s.filters, false), taps};
}

inline ConvPlan PlanConvGradient(const ConvSizes& s, const float* gradient, const float* kernel) {
  const int64_t top = s.kernel_height - 1, left = s.kernel_width - 1;  // the margins
  const int64_t taps = s.kernel_height * s.kernel_width;
  std::vector<Lattice> lattices;
  for (int64_t y = 0; y < std::min(s.stride, s.height); ++y) {
    for (int64_t x = 0; x < std::min(s.stride, s.width); ++x) {
      Lattice lattice{y, x, Blocks(s.height - y, s.stride), Blocks(s.width - x, s.stride), {}};
      for (int64_t tap = 0; tap < taps; ++tap) {
        // Both are multiples of the stride where this tap meets these pixels.
        const int64_t down = y + s.top - tap / s.kernel_width;
        const int64_t right = x + s.left - tap % s.kernel_width;
        if (down % s.stride == 0 && right % s.stride == 0) {
          lattice.taps.push_back({down / s.stride + top, right / s.stride + left, tap});
        }
      }
      lattices.push_back(lattice);
    }
  }
  const int64_t height = top + (s.height - 1 + s.top) / s.stride + 1;
  const int64_t width = left + (s.width - 1 + s.left) / s.stride + 1;
  return {Padded(gradient, s.batch, s.out_height, s.out_width, s.filters, top, left, height, width,
                 s.filters),
          s.batch, s.filters, s.channels, s.height, s.width, 1, s.stride, lattices,
          Packed(kernel, taps, s.filters, s.channels, true), taps};
}

// sums[p, v] += x[p] * w[v] for all channels of a tap.
template <int P, int V>
GAPS_HD void Accumulate(const float* GAPS_RESTRICT x, int64_t x_step, int64_t x_next,
                        const float* GAPS_RESTRICT w, int64_t w_next, int64_t count,
                        Lanes (&sums)[P][V]) {
  for (int64_t i = 0; i < count; ++i) {
    Lanes lanes[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) std::memcpy(&lanes[v], w + v * kLanes, sizeof(Lanes));
#pragma GCC unroll 6
    for (int p = 0; p < P; ++p) {
      const float one = x[p * x_step];
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) sums[p][v] += one * lanes[v];
    }
    x += x_next;
    w += w_next;
  }
}

template <int P, int V>
GAPS_HD void StoreSums(const Lanes (&sums)[P][V], float* out, int64_t step, int64_t width) {
#pragma GCC unroll 6
  for (int p = 0; p < P; ++p) {
    float values[V * kLanes];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) std::memcpy(values + v * kLanes, &sums[p][v], sizeof(Lanes));
    std::memcpy(out + p * step, values, std::min<int64_t>(width, V * kLanes) * sizeof(float));
  }
}

// P pixels of a lattice's row, for a block of filters.
template <int P, int V>
GAPS_HD void ConvTile(const ConvPlan& plan, const Lattice& lattice, const float* x, int64_t block,
                      float* out) {
  Lanes sums[P][V] = {};
  const float* kernel = plan.kernel.data() + block * plan.kernel_taps * plan.channels * kBlock;
  for (const Tap& tap : lattice.taps) {
    Accumulate<P, V>(x + (tap.row * plan.input.width + tap.column) * plan.channels,
                     plan.in_step * plan.channels, 1, kernel + tap.matrix * plan.channels * kBlock,
                     kBlock, plan.channels, sums);
  }
  StoreSums<P, V>(sums, out + block * kBlock, plan.out_step * plan.filters,
                  plan.filters - block * kBlock);
}

#define GAPS_TILES(FUNCTION, ROWS, WIDTH, ...)                                  \
  switch ((WIDTH) > kLanes ? (ROWS) : -(ROWS)) {                                \
    case 1: FUNCTION<1, 2>(__VA_ARGS__); break;                                 \
    case 2: FUNCTION<2, 2>(__VA_ARGS__); break;                                 \
    case 3: FUNCTION<3, 2>(__VA_ARGS__); break;                                 \
    case 4: FUNCTION<4, 2>(__VA_ARGS__); break;                                 \
    case 5: FUNCTION<5, 2>(__VA_ARGS__); break;                                 \
    case 6: FUNCTION<6, 2>(__VA_ARGS__); break;                                 \
    case -1: FUNCTION<1, 1>(__VA_ARGS__); break;                                \
    case -2: FUNCTION<2, 1>(__VA_ARGS__); break;                                \
    case -3: FUNCTION<3, 1>(__VA_ARGS__); break;                                \
    case -4: FUNCTION<4, 1>(__VA_ARGS__); break;                                \
    case -5: FUNCTION<5, 1>(__VA_ARGS__); break;                                \
    case -6: FUNCTION<6, 1>(__VA_ARGS__); break;                                \
  }

// Rows `begin` to `end` of all images' lattices.
GAPS_HD void ConvRows(const ConvPlan& plan, float* out, int64_t begin, int64_t end) {
  const int64_t rows = plan.lattice_rows() / plan.batch;
  for (int64_t index = begin; index < end; ++index) {
    const int64_t n = index / rows;
    int64_t row = index % rows, which = 0;
    while (row >= plan.lattices[which].rows) row -= plan.lattices[which++].rows;
    const Lattice& lattice = plan.lattices[which];
    const float* x = plan.input.values.data() +
                     (n * plan.input.height + row * plan.in_step) * plan.input.width * plan.channels;
    float* to = out + ((n * plan.height + lattice.y + row * plan.out_step) * plan.width + lattice.x) *
                          plan.filters;
    const int64_t tiles = Blocks(lattice.columns, kMostRows);
    for (int64_t block = 0; block * kBlock < plan.filters; ++block) {
      for (int64_t tile = 0; tile < tiles; ++tile) {
        const int64_t first = tile * lattice.columns / tiles;
        const int64_t pixels = (tile + 1) * lattice.columns / tiles - first;
        GAPS_TILES(ConvTile, pixels, plan.filters - block * kBlock, plan, lattice,
                   x + first * plan.in_step * plan.channels, block,
                   to + first * plan.out_step * plan.filters);
      }
    }
  }
}

// The gradient with respect to the kernel [taps, channels, filters]: sums over all pixels of an
// input's channel times a gradient's filter.
struct KernelGradientPlan {
  ConvSizes sizes;
  Padded input, gradient;
  int64_t tiles, blocks;  // of channels and of filters

  KernelGradientPlan(const ConvSizes& s, const float* images, const float* gradients)
      : sizes(s),
        input(images, s.batch, s.height, s.width, s.channels, s.top, s.left,
              (s.out_height - 1) * s.stride + s.kernel_height,
              (s.out_width - 1) * s.stride + s.kernel_width, s.channels),
        gradient(gradients, s.batch, s.out_height, s.out_width, s.filters, 0, 0, s.out_height,
                 s.out_width, Blocks(s.filters, kLanes) * kLanes),
        tiles(Blocks(s.channels, kMostRows)),
        blocks(Blocks(s.filters, kBlock)) {}

  int64_t units() const { return sizes.kernel_height * sizes.kernel_width * tiles * blocks; }
};

template <int P, int V>
GAPS_HD void KernelTile(const KernelGradientPlan& plan, int64_t tap, int64_t channel,
                        int64_t block, float* out) {
  const ConvSizes& s = plan.sizes;
  Lanes sums[P][V] = {};
  const int64_t width = plan.gradient.stride;
  for (int64_t n = 0; n < s.batch; ++n) {
    for (int64_t y = 0; y < s.out_height; ++y) {
      const int64_t row = n * plan.input.height + y * s.stride + tap / s.kernel_width;
      const float* x = plan.input.values.data() + channel +
                       (row * plan.input.width + tap % s.kernel_width) * s.channels;
      const float* g = plan.gradient.values.data() + block * kBlock +
                       (n * s.out_height + y) * s.out_width * width;
      Accumulate<P, V>(x, 1, s.stride * s.channels, g, width, s.out_width, sums);
    }
  }
  StoreSums<P, V>(sums, out + (tap * s.channels + channel) * s.filters + block * kBlock, s.filters,
                  s.filters - block * kBlock);
}

// Units `begin` to `end`: a tap, a tile of channels, a block of filters each.
GAPS_HD void KernelUnits(const KernelGradientPlan& plan, float* out, int64_t begin, int64_t end) {
  for (int64_t unit = begin; unit < end; ++unit) {
    const int64_t block = unit % plan.blocks, tile = unit / plan.blocks % plan.tiles;
    const int64_t tap = unit / plan.blocks / plan.tiles;
    const int64_t first = tile * plan.sizes.channels / plan.tiles;
    const int64_t rows = (tile + 1) * plan.sizes.channels / plan.tiles - first;
    GAPS_TILES(KernelTile, rows, plan.sizes.filters - block * kBlock, plan, tap, first, block, out);
  }
}

}  // namespace gaps

#endif  // TRAINING_NATIVE_KERNELS_CONV_2D_CPU_H_
