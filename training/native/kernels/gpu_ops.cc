// The two ops on GPUs, for float32, float16 and bfloat16. Compiled where CUDA is.

#include <string>
#include <type_traits>

#include "fused_bias_act_gpu.h"
#include "op_arguments.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/register_types.h"
#include "upfirdn_2d_gpu.h"
#include "xla/stream_executor/stream.h"

namespace gaps {
namespace {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;

template <typename T>
constexpr GpuType kType = std::is_same_v<T, float>         ? GpuType::float32
                          : std::is_same_v<T, Eigen::half> ? GpuType::float16
                                                           : GpuType::bfloat16;

cudaStream_t StreamOf(OpKernelContext* context) {
  return static_cast<cudaStream_t>(
      context->op_device_context()->stream()->platform_specific_handle().stream);
}

absl::Status StatusOf(GpuError error) {
  return error == nullptr ? absl::OkStatus()
                          : absl::InternalError(std::string("CUDA: ") + error);
}

template <typename T>
class Upfirdn2DGpuOp : public OpKernel {
 public:
  explicit Upfirdn2DGpuOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, attributes_.Read(context));
  }

  void Compute(OpKernelContext* context) override {
    const Tensor &images = context->input(0), &kernel = context->input(1);
    Upfirdn2DSizes sizes;
    TensorShape shape;
    OP_REQUIRES_OK(context, CheckUpfirdn2D(attributes_, images, kernel, context->input(2), &sizes,
                                           &shape));
    Tensor* output = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, shape, &output));
    OP_REQUIRES_OK(context, StatusOf(upfirdn_2d_gpu(kType<T>, sizes, images.data(),
                                                    kernel.flat<float>().data(), output->data(),
                                                    StreamOf(context))));
  }

 private:
  Upfirdn2DAttributes attributes_;
};

template <typename T>
class BiasActGpuOp : public OpKernel {
 public:
  explicit BiasActGpuOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, attributes_.Read(context));
  }

  void Compute(OpKernelContext* context) override {
    const Tensor &multiplier = context->input(0), &x = context->input(1), &bias = context->input(2);
    BiasActSizes sizes;
    OP_REQUIRES_OK(context, CheckBiasAct(attributes_, multiplier, x, bias, &sizes));
    const bool want_sum = attributes_.want_sum;
    Tensor *output = nullptr, *bias_sum = nullptr, scratch;
    OP_REQUIRES_OK(context, context->allocate_output(0, x.shape(), &output));
    OP_REQUIRES_OK(context, context->allocate_output(
                                1, TensorShape({want_sum ? sizes.channels : 0}), &bias_sum));
    if (want_sum) {
      OP_REQUIRES_OK(context, context->allocate_temp(tensorflow::DT_FLOAT,
                                                     TensorShape({bias_act_gpu_scratch(sizes)}),
                                                     &scratch));
    }
    const BiasActFormula formula = {attributes_.activation, attributes_.order, attributes_.alpha,
                                    attributes_.gain};
    OP_REQUIRES_OK(
        context,
        StatusOf(bias_act_gpu(kType<T>, sizes, formula, OrNull(multiplier), x.data(), OrNull(bias),
                              output->data(), want_sum ? scratch.flat<float>().data() : nullptr,
                              bias_sum->data(), StreamOf(context))));
  }

 private:
  static const void* OrNull(const Tensor& tensor) {
    return tensor.NumElements() == 0 ? nullptr : tensor.data();
  }

  BiasActAttributes attributes_;
};

#define GAPS_REGISTER(T)                                         \
  REGISTER_KERNEL_BUILDER(Name("GapsUpfirdn2D")                  \
                              .Device(tensorflow::DEVICE_GPU)    \
                              .HostMemory("padding")             \
                              .TypeConstraint<T>("T"),           \
                          Upfirdn2DGpuOp<T>);                    \
  REGISTER_KERNEL_BUILDER(Name("GapsBiasAct")                    \
                              .Device(tensorflow::DEVICE_GPU)    \
                              .TypeConstraint<T>("T"),           \
                          BiasActGpuOp<T>);
GAPS_REGISTER(float)
GAPS_REGISTER(Eigen::half)
GAPS_REGISTER(Eigen::bfloat16)
#undef GAPS_REGISTER

}  // namespace
}  // namespace gaps

// For the loader, which asks before it gives GPUs to these kernels.
extern "C" const char* gaps_gpu_problem() { return gaps::gpu_problem(); }
