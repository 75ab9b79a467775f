// The op GapsConv2D and its two gradients, for CPUs.

#include <vector>

#include "conv_2d_cpu.h"
#include "op_arguments.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/shape_inference.h"
#include "tensorflow/core/util/work_sharder.h"

namespace gaps {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::shape_inference::InferenceContext;
using tensorflow::shape_inference::ShapeHandle;

// What an op computes; `size` is the height and width of that.
enum class Part { output, images, kernel };

template <Part kPart>
absl::Status InferConv2D(InferenceContext* c) {
  std::vector<int> size;
  TF_RETURN_IF_ERROR(c->GetAttr("size", &size));
  if (size.size() != 2) return Invalid("size must have 2 numbers");
  ShapeHandle a, b;
  TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 4, &a));
  TF_RETURN_IF_ERROR(c->WithRank(c->input(1), 4, &b));
  const auto height = c->MakeDim(size[0]), width = c->MakeDim(size[1]);
  c->set_output(0, kPart == Part::kernel
                       ? c->MakeShape({height, width, c->Dim(a, 3), c->Dim(b, 3)})
                       : c->MakeShape({c->Dim(a, 0), height, width,
                                       c->Dim(b, kPart == Part::output ? 3 : 2)}));
  return absl::OkStatus();
}

#define GAPS_CONV(NAME, PART, FIRST, SECOND, DOC)        \
  REGISTER_OP(NAME)                                      \
      .Input(FIRST ": float")                            \
      .Input(SECOND ": float")                           \
      .Output("result: float")                           \
      .Attr("stride: int >= 1")                          \
      .Attr("padding: list(int)")                        \
      .Attr("size: list(int)")                           \
      .SetShapeFn(InferConv2D<PART>)                     \
      .Doc(DOC)
GAPS_CONV("GapsConv2D", Part::output, "images", "kernel",
          "output[y, x] = sum of images[y * stride + ky - top, x * stride + kx - left] times "
          "kernel[ky, kx]; padding is [top, left], images are zero outside.");
GAPS_CONV("GapsConv2DImagesGradient", Part::images, "gradient", "kernel",
          "GapsConv2D's gradient with respect to images.");
GAPS_CONV("GapsConv2DKernelGradient", Part::kernel, "images", "gradient",
          "GapsConv2D's gradient with respect to the kernel.");
#undef GAPS_CONV

GAPS_CLONES void RunConvRows(const ConvPlan& plan, float* output, int64_t begin, int64_t end) {
  ConvRows(plan, output, begin, end);
}

GAPS_CLONES void RunKernelUnits(const KernelGradientPlan& plan, float* output, int64_t begin,
                                int64_t end) {
  KernelUnits(plan, output, begin, end);
}

template <Part kPart>
class Conv2DOp : public OpKernel {
 public:
  explicit Conv2DOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("stride", &stride_));
    OP_REQUIRES_OK(context, context->GetAttr("padding", &padding_));
    OP_REQUIRES_OK(context, context->GetAttr("size", &size_));
    OP_REQUIRES(context,
                stride_ >= 1 && padding_.size() == 2 && padding_[0] >= 0 && padding_[1] >= 0 &&
                    size_.size() == 2 && size_[0] >= 1 && size_[1] >= 1,
                Invalid("stride, padding [top, left] or size [height, width] out of range"));
  }

  void Compute(OpKernelContext* context) override {
    const Tensor &first = context->input(0), &second = context->input(1);
    OP_REQUIRES(context, first.dims() == 4 && second.dims() == 4,
                Invalid("both inputs must have 4 dimensions"));

    ConvSizes s{};
    s.stride = stride_, s.top = padding_[0], s.left = padding_[1], s.batch = first.dim_size(0);
    bool fits = true;
    if (kPart != Part::images) {
      s.height = first.dim_size(1), s.width = first.dim_size(2), s.channels = first.dim_size(3);
    } else {
      s.height = size_[0], s.width = size_[1], s.channels = second.dim_size(2);
      fits = first.dim_size(3) == second.dim_size(3);
    }
    if (kPart == Part::output) {
      s.out_height = size_[0], s.out_width = size_[1];
      fits = first.dim_size(3) == second.dim_size(2);
    } else {
      const Tensor& gradient = kPart == Part::images ? first : second;
      s.out_height = gradient.dim_size(1), s.out_width = gradient.dim_size(2);
    }
    s.filters = second.dim_size(3);
    if (kPart == Part::kernel) {
      s.kernel_height = size_[0], s.kernel_width = size_[1];
      fits = first.dim_size(0) == second.dim_size(0);
    } else {
      s.kernel_height = second.dim_size(0), s.kernel_width = second.dim_size(1);
    }
    OP_REQUIRES(context, fits && first.NumElements() > 0 && second.NumElements() > 0,
                Invalid("inputs of shapes ", first.shape().DebugString(), " and ",
                        second.shape().DebugString(), " do not fit, or are empty"));
    Tensor* output = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, Shape(s), &output));
    Run(context, s, first.flat<float>().data(), second.flat<float>().data(),
        output->flat<float>().data());
  }

 private:
  static tensorflow::TensorShape Shape(const ConvSizes& s) {
    if (kPart == Part::output) return {s.batch, s.out_height, s.out_width, s.filters};
    if (kPart == Part::images) return {s.batch, s.height, s.width, s.channels};
    return {s.kernel_height, s.kernel_width, s.channels, s.filters};
  }

  static void Run(OpKernelContext* context, const ConvSizes& s, const float* first,
                  const float* second, float* output) {
    const int64_t products = s.batch * s.out_height * s.out_width * s.filters * s.channels *
                             s.kernel_height * s.kernel_width;
    const auto shard = [&](int64_t units, const auto& work) {
      const auto* threads = context->device()->tensorflow_cpu_worker_threads();
      tensorflow::Shard(threads->num_threads, threads->workers, units,
                        products / units / 8 + 1, work);  // about 8 in a cycle
    };
    if constexpr (kPart == Part::kernel) {
      const KernelGradientPlan plan(s, first, second);
      shard(plan.units(), [&](int64_t begin, int64_t end) {
        RunKernelUnits(plan, output, begin, end);
      });
    } else {
      const ConvPlan plan = kPart == Part::output ? PlanConv(s, first, second)
                                                  : PlanConvGradient(s, first, second);
      shard(plan.lattice_rows(), [&](int64_t begin, int64_t end) {
        RunConvRows(plan, output, begin, end);
      });
    }
  }

  int stride_;
  std::vector<int> padding_, size_;
};

#define GAPS_REGISTER(NAME, PART) \
  REGISTER_KERNEL_BUILDER(Name(NAME).Device(tensorflow::DEVICE_CPU), Conv2DOp<PART>)
GAPS_REGISTER("GapsConv2D", Part::output);
GAPS_REGISTER("GapsConv2DImagesGradient", Part::images);
GAPS_REGISTER("GapsConv2DKernelGradient", Part::kernel);
#undef GAPS_REGISTER

}  // namespace gaps
