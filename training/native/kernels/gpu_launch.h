// What the launchers of the GPU kernels share. Free of TensorFlow and of CUDA's headers.

#ifndef GAPS_KERNELS_GPU_LAUNCH_H_
#define GAPS_KERNELS_GPU_LAUNCH_H_

#include <cstdint>

typedef struct CUstream_st* cudaStream_t;  // as in CUDA's own headers

namespace gaps {

// The type of a tensor's elements.
enum class GpuType { float16, bfloat16, float32 };

// Launchers return nullptr, or what CUDA says went wrong. They do not wait for the kernel's end.
using GpuError = const char*;

// Why the kernels cannot run on the current device, or nullptr: no device, a driver older than the
// compiler, or a device that is none of the architectures compiled for. Defined in upfirdn_2d.cu.
GpuError gpu_problem();

}  // namespace gaps

#endif  // GAPS_KERNELS_GPU_LAUNCH_H_
