// upfirdn_2d on the GPU. It is bound by memory: what counts is that every image is read from there
// once, and that a warp's accesses are wide and side by side.
//
// NCHW is NHWC with one channel and batch * channels images, so that one layout is enough.

#include "gpu_common.cuh"
#include "upfirdn_2d_gpu.h"

namespace gaps {
namespace {

constexpr int kThreads = 128;
constexpr int kSide = 4;            // of the kernels that have an unrolled version: 1-3-3-1
constexpr int kMostSharedTaps = 1024;

// What a thread makes out of its number: image, row, column (of tiles), and group of channels.
struct Position {
  int64_t image, row, column, channel;
};

__device__ Position position(int64_t item, int64_t rows, int64_t columns, int64_t groups,
                             int elements) {
  Position at;
  at.channel = split(&item, groups) * elements;
  at.column = split(&item, columns);
  at.row = split(&item, rows);
  at.image = item;
  return at;
}

// A thread computes a tile of kTileY * kTileX outputs, of N channels each, from a patch of the
// image that it reads once. Which tap meets which pixel of the patch is known at compile time,
// because every tile starts where the first tap falls on a pixel and not on an inserted zero:
// `lead_y` and `lead_x` outputs before the image's first where that one does not.
template <typename T, int N, int kUp, int kDown, int kTileY, int kTileX>
__global__ void __launch_bounds__(kThreads)
    tiled_kernel(Upfirdn2DSizes sizes, int64_t tiles_y, int64_t tiles_x, int lead_y, int lead_x,
                 const T* images, const float* kernel, T* output) {
  static_assert(kTileY % kUp == 0 && kTileX % kUp == 0, "tiles must not shift the phase");
  constexpr int kPatchY = ((kTileY - 1) * kDown + kSide - 1) / kUp + 1;
  constexpr int kPatchX = ((kTileX - 1) * kDown + kSide - 1) / kUp + 1;

  float taps[kSide][kSide];  // flipped
#pragma unroll
  for (int i = 0; i < kSide * kSide; ++i) {
    taps[i / kSide][i % kSide] = __ldg(kernel + kSide * kSide - 1 - i);
  }

  const int64_t groups = sizes.channels / N;
  const int64_t items = sizes.batch * tiles_y * tiles_x * groups;
  const int64_t step = static_cast<int64_t>(gridDim.x) * kThreads;
  for (int64_t item = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x; item < items;
       item += step) {
    const Position at = position(item, tiles_y, tiles_x, groups, N);
    const int64_t out_y = at.row * kTileY - lead_y, out_x = at.column * kTileX - lead_x;
    const int64_t in_y = (out_y * kDown - sizes.pad_top) / kUp;  // without a remainder
    const int64_t in_x = (out_x * kDown - sizes.pad_left) / kUp;

    float sums[kTileY][kTileX][N] = {};
#pragma unroll
    for (int py = 0; py < kPatchY; ++py) {
      const int64_t y = in_y + py;
      const bool row_inside = y >= 0 && y < sizes.in_height;
      const T* row = images + ((at.image * sizes.in_height + y) * sizes.in_width + in_x) *
                                  sizes.channels + at.channel;
      float pixels[kPatchX][N];
#pragma unroll
      for (int px = 0; px < kPatchX; ++px) {
        const int64_t x = in_x + px;
        if (row_inside && x >= 0 && x < sizes.in_width) {
          load(row + px * sizes.channels, pixels[px]);
        } else {
          fill(0.0f, pixels[px]);
        }
      }
#pragma unroll
      for (int ty = 0; ty < kTileY; ++ty) {
        const int tap_y = py * kUp - ty * kDown;
        if (tap_y < 0 || tap_y >= kSide) continue;
#pragma unroll
        for (int tx = 0; tx < kTileX; ++tx) {
#pragma unroll
          for (int px = 0; px < kPatchX; ++px) {
            const int tap_x = px * kUp - tx * kDown;
            if (tap_x < 0 || tap_x >= kSide) continue;
#pragma unroll
            for (int i = 0; i < N; ++i) sums[ty][tx][i] += taps[tap_y][tap_x] * pixels[px][i];
          }
        }
      }
    }

#pragma unroll
    for (int ty = 0; ty < kTileY; ++ty) {
      const int64_t y = out_y + ty;
      if (y < 0 || y >= sizes.out_height) continue;
      T* row = output + ((at.image * sizes.out_height + y) * sizes.out_width + out_x) *
                            sizes.channels + at.channel;
#pragma unroll
      for (int tx = 0; tx < kTileX; ++tx) {
        const int64_t x = out_x + tx;
        if (x >= 0 && x < sizes.out_width) store(sums[ty][tx], row + tx * sizes.channels);
      }
    }
  }
}

// The pixels [first, last] of an axis that the taps of one output meet, and the output's place in
// the image with zeros inserted.
struct Reach {
  int64_t start, first, last;
};

__device__ Reach reach(int64_t out, int down, int pad, int up, int taps, int64_t size) {
  const int64_t start = out * down - pad, end = start + taps - 1;
  return {start, start <= 0 ? 0 : quotient(start + up - 1, up),
          end < 0 ? -1 : min(quotient(end, up), static_cast<int64_t>(size - 1))};
}

// Any other kernel, up and down: a thread computes one output of N channels.
template <typename T, int N>
__global__ void __launch_bounds__(kThreads)
    direct_kernel(Upfirdn2DSizes sizes, const T* images, const float* kernel, T* output) {
  __shared__ float shared_taps[kMostSharedTaps];
  const int64_t last_tap = static_cast<int64_t>(sizes.kernel_height) * sizes.kernel_width - 1;
  const bool shared = last_tap < kMostSharedTaps;
  if (shared) {
    for (int i = threadIdx.x; i <= last_tap; i += kThreads) shared_taps[i] = kernel[i];
  }
  __syncthreads();
  const float* taps = shared ? shared_taps : kernel;

  const int64_t groups = sizes.channels / N;
  const int64_t items = sizes.batch * sizes.out_height * sizes.out_width * groups;
  const int64_t step = static_cast<int64_t>(gridDim.x) * kThreads;
  for (int64_t item = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x; item < items;
       item += step) {
    const Position at = position(item, sizes.out_height, sizes.out_width, groups, N);
    const Reach ys = reach(at.row, sizes.down_y, sizes.pad_top, sizes.up_y, sizes.kernel_height,
                           sizes.in_height);
    const Reach xs = reach(at.column, sizes.down_x, sizes.pad_left, sizes.up_x,
                           sizes.kernel_width, sizes.in_width);
    float sum[N] = {};
    for (int64_t y = ys.first; y <= ys.last; ++y) {
      const int64_t tap_row = (y * sizes.up_y - ys.start) * sizes.kernel_width;
      const T* row = images + (at.image * sizes.in_height + y) * sizes.in_width * sizes.channels +
                     at.channel;
      for (int64_t x = xs.first; x <= xs.last; ++x) {
        const float tap = taps[last_tap - tap_row - (x * sizes.up_x - xs.start)];
        float pixel[N];
        load(row + x * sizes.channels, pixel);
#pragma unroll
        for (int i = 0; i < N; ++i) sum[i] += tap * pixel[i];
      }
    }
    store(sum, output + item * N);
  }
}

template <typename T, int N>
GpuError launch_direct(const Upfirdn2DSizes& sizes, const T* images, const float* kernel, T* output,
                       cudaStream_t stream) {
  const int64_t items = sizes.batch * sizes.out_height * sizes.out_width * (sizes.channels / N);
  return launch(direct_kernel<T, N>, blocks_for(items, kThreads), kThreads, stream, sizes, images,
                kernel, output);
}

// How many outputs before the image's first a tile must start for its first tap to meet a pixel.
int lead(int pad, int up) { return (pad % up + up) % up; }

template <typename T, int N, int kUp, int kDown, int kTileY, int kTileX>
GpuError launch_tiled(const Upfirdn2DSizes& sizes, const T* images, const float* kernel, T* output,
                      cudaStream_t stream) {
  static_assert(kUp == 1 || kDown == 1, "a lead is enough only where not both resample");
  const int lead_y = lead(sizes.pad_top, kUp), lead_x = lead(sizes.pad_left, kUp);
  const int64_t tiles_y = ceil_div(sizes.out_height + lead_y, kTileY);
  const int64_t tiles_x = ceil_div(sizes.out_width + lead_x, kTileX);
  const int64_t items = sizes.batch * tiles_y * tiles_x * (sizes.channels / N);
  return launch(tiled_kernel<T, N, kUp, kDown, kTileY, kTileX>, blocks_for(items, kThreads),
                kThreads, stream, sizes, tiles_y, tiles_x, lead_y, lead_x, images, kernel, output);
}

template <typename T, int N>
GpuError choose_kernel(const Upfirdn2DSizes& sizes, const T* images, const float* kernel, T* output,
                       cudaStream_t stream) {
  constexpr int kRows = N > 4 ? 2 : 4;  // more would not fit into the registers
  const bool square = sizes.kernel_height == kSide && sizes.kernel_width == kSide &&
                      sizes.up_y == sizes.up_x && sizes.down_y == sizes.down_x;
  const auto is = [&](int up, int down) {
    return square && sizes.up_y == up && sizes.down_y == down;
  };
  if (is(1, 1)) return launch_tiled<T, N, 1, 1, kRows, 2>(sizes, images, kernel, output, stream);
  if (is(2, 1)) return launch_tiled<T, N, 2, 1, kRows, 2>(sizes, images, kernel, output, stream);
  if (is(1, 2)) return launch_tiled<T, N, 1, 2, 2, 2>(sizes, images, kernel, output, stream);
  return launch_direct<T, N>(sizes, images, kernel, output, stream);
}

template <typename T>
GpuError choose_width(Upfirdn2DSizes sizes, const void* images, const float* kernel, void* output,
                      cudaStream_t stream) {
  if (!sizes.channels_last) {
    sizes.batch *= sizes.channels;
    sizes.channels = 1;
  }
  if (sizes.batch * sizes.out_height * sizes.out_width * sizes.channels == 0) return nullptr;
  const T* from = static_cast<const T*>(images);
  T* to = static_cast<T*>(output);
  if (sizes.channels % kWide<T> == 0 && aligned(from, to)) {
    return choose_kernel<T, kWide<T>>(sizes, from, kernel, to, stream);
  }
  return choose_kernel<T, 1>(sizes, from, kernel, to, stream);
}

}  // namespace

GpuError upfirdn_2d_gpu(GpuType type, const Upfirdn2DSizes& sizes, const void* images,
                        const float* kernel, void* output, cudaStream_t stream) {
  switch (type) {
    case GpuType::float16:
      return choose_width<__half>(sizes, images, kernel, output, stream);
    case GpuType::bfloat16:
      return choose_width<__nv_bfloat16>(sizes, images, kernel, output, stream);
    case GpuType::float32:
      return choose_width<float>(sizes, images, kernel, output, stream);
  }
  return "unknown type";
}

GpuError gpu_problem() {
  cudaFuncAttributes attributes;
  const cudaError_t error = cudaFuncGetAttributes(&attributes, direct_kernel<float, 1>);
  if (error == cudaSuccess) return nullptr;
  cudaGetLastError();  // or the next launch would report it
  return cudaGetErrorString(error);
}

}  // namespace gaps
