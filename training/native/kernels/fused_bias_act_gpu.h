// The launcher of fused_bias_act's GPU kernels.

#ifndef GAPS_KERNELS_FUSED_BIAS_ACT_GPU_H_
#define GAPS_KERNELS_FUSED_BIAS_ACT_GPU_H_

#include "common.h"
#include "gpu_launch.h"

namespace gaps {

// gain * f^(order)(x), f being the activation.
struct BiasActFormula {
  Activation activation;
  int order;  // 0, 1 or 2
  float alpha, gain;
};

// How many floats of scratch memory the sum over all axes but the channels' needs; at least 1.
int64_t bias_act_gpu_scratch(const BiasActSizes& sizes);

// Computes output = multiplier * gain * f^(order)(x + bias) and, where `scratch` is not null,
// bias_sum [channels], the sum of `output` over the other axes, in an order that depends on the
// sizes alone. All pointers are to the device's memory; `multiplier` and `bias` may be null, for 1
// and 0. The arithmetic is in float32.
GpuError bias_act_gpu(GpuType type, const BiasActSizes& sizes, const BiasActFormula& formula,
                      const void* multiplier, const void* x, const void* bias, void* output,
                      float* scratch, void* bias_sum, cudaStream_t stream);

}  // namespace gaps

#endif  // GAPS_KERNELS_FUSED_BIAS_ACT_GPU_H_
