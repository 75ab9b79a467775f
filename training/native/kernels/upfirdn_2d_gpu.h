// The launcher of upfirdn_2d's GPU kernels.

#ifndef GAPS_KERNELS_UPFIRDN_2D_GPU_H_
#define GAPS_KERNELS_UPFIRDN_2D_GPU_H_

#include "common.h"
#include "gpu_launch.h"

namespace gaps {

// Computes `output` from `images` and `kernel` [kernel_height, kernel_width] as `Upfirdn2DSizes`
// defines it, accumulating in float32. All pointers are to the device's memory, in the layout that
// `sizes` names; no size may be negative, and `up`, `down` and the kernel's sides are at least 1.
GpuError upfirdn_2d_gpu(GpuType type, const Upfirdn2DSizes& sizes, const void* images,
                        const float* kernel, void* output, cudaStream_t stream);

}  // namespace gaps

#endif  // GAPS_KERNELS_UPFIRDN_2D_GPU_H_
