// What the GPU kernels share: vectors of elements, conversions, divisions, launches.

#ifndef GAPS_KERNELS_GPU_COMMON_CUH_
#define GAPS_KERNELS_GPU_COMMON_CUH_

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "gpu_launch.h"

namespace gaps {

// One access of 16 bytes is the widest that a thread can make.
template <typename T>
constexpr int kWide = 16 / sizeof(T);

__device__ inline float to_float(float value) { return value; }
__device__ inline float to_float(__half value) { return __half2float(value); }
__device__ inline float to_float(__nv_bfloat16 value) { return __bfloat162float(value); }

template <typename T>
__device__ inline T from_float(float value);
template <>
__device__ inline float from_float<float>(float value) {
  return value;
}
template <>
__device__ inline __half from_float<__half>(float value) {
  return __float2half_rn(value);
}
template <>
__device__ inline __nv_bfloat16 from_float<__nv_bfloat16>(float value) {
  return __float2bfloat16_rn(value);
}

// N elements as one access moves them.
template <int kBytes>
struct Access;
template <>
struct Access<16> {
  using type = uint4;
};
template <>
struct Access<4> {
  using type = unsigned;
};
template <>
struct Access<2> {
  using type = unsigned short;
};

// Reads N elements in one access; `from` is aligned to all of them.
template <typename T, int N>
__device__ inline void load(const T* from, float (&values)[N]) {
  const auto whole = *reinterpret_cast<const typename Access<sizeof(T) * N>::type*>(from);
  T elements[N];
  memcpy(elements, &whole, sizeof(whole));
#pragma unroll
  for (int i = 0; i < N; ++i) values[i] = to_float(elements[i]);
}

// Writes N elements in one access; `to` is aligned to all of them.
template <typename T, int N>
__device__ inline void store(const float (&values)[N], T* to) {
  T elements[N];
#pragma unroll
  for (int i = 0; i < N; ++i) elements[i] = from_float<T>(values[i]);
  typename Access<sizeof(T) * N>::type whole;
  memcpy(&whole, elements, sizeof(whole));
  // The compiler takes the store of a vector apart; of this function, it does not.
  __stwb(reinterpret_cast<decltype(whole)*>(to), whole);
}

template <int N>
__device__ inline void fill(float value, float (&values)[N]) {
#pragma unroll
  for (int i = 0; i < N; ++i) values[i] = value;
}

// dividend / divisor for dividend >= 0 and divisor > 0. GPUs divide 64 bits many times slower than
// 32, and nearly all tensors need no more.
__device__ inline int64_t quotient(int64_t dividend, int64_t divisor) {
  if (((dividend | divisor) >> 32) == 0) {
    return static_cast<uint32_t>(dividend) / static_cast<uint32_t>(divisor);
  }
  return dividend / divisor;
}

// Divides `index` by `size`, leaving the quotient there, and returns the remainder.
__device__ inline int64_t split(int64_t* index, int64_t size) {
  const int64_t whole = quotient(*index, size), rest = *index - whole * size;
  *index = whole;
  return rest;
}

inline int64_t ceil_div(int64_t dividend, int64_t divisor) {
  return dividend / divisor + (dividend % divisor != 0);
}

// Whether all of the pointers, some of which may be null, allow accesses of 16 bytes.
template <typename... Pointers>
bool aligned(Pointers... pointers) {
  return ((reinterpret_cast<uintptr_t>(pointers) % 16 == 0) && ...);
}

// Starts a kernel; its own loops take what a grid of this size does not cover.
template <typename... Parameters, typename... Arguments>
GpuError launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, cudaStream_t stream,
                const Arguments&... arguments) {
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = block;
  config.stream = stream;
  const cudaError_t error =
      cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...);
  return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

constexpr int64_t kMostBlocks = 1 << 20;

inline dim3 blocks_for(int64_t items, int threads) {
  return dim3(static_cast<unsigned>(std::min(ceil_div(items, threads), kMostBlocks)));
}

}  // namespace gaps

#endif  // GAPS_KERNELS_GPU_COMMON_CUH_
