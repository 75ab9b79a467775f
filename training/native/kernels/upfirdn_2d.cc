// The op GapsUpfirdn2D and its kernel for CPUs.

#include <new>
#include <optional>
#include <string>
#include <vector>

#include "element.h"
#include "op_arguments.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/shape_inference.h"
#include "tensorflow/core/util/work_sharder.h"
#include "upfirdn_2d_cpu.h"

namespace gaps {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::shape_inference::DimensionHandle;
using tensorflow::shape_inference::InferenceContext;
using tensorflow::shape_inference::ShapeHandle;

// The size of one axis of the output, unknown where anything that it depends on is.
absl::Status InferSize(InferenceContext* c, DimensionHandle in, DimensionHandle kernel, int up,
                       int down, const Tensor* padding, int first, DimensionHandle* out) {
  *out = c->UnknownDim();
  if (padding == nullptr || !c->ValueKnown(in) || !c->ValueKnown(kernel)) return absl::OkStatus();
  int64_t size = 0;
  TF_RETURN_IF_ERROR(OutputSize(c->Value(in), up, down, padding->flat<int32_t>()(first),
                                padding->flat<int32_t>()(first + 1), c->Value(kernel), &size));
  *out = c->MakeDim(size);
  return absl::OkStatus();
}

absl::Status InferUpfirdn2D(InferenceContext* c) {
  ShapeHandle images, kernel, padding_shape;
  TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 4, &images));
  TF_RETURN_IF_ERROR(c->WithRank(c->input(1), 2, &kernel));
  TF_RETURN_IF_ERROR(c->Merge(c->input(2), c->Vector(4), &padding_shape));
  std::vector<int> up, down;
  std::string data_format;
  TF_RETURN_IF_ERROR(c->GetAttr("up", &up));
  TF_RETURN_IF_ERROR(c->GetAttr("down", &down));
  TF_RETURN_IF_ERROR(c->GetAttr("data_format", &data_format));
  if (up.size() != 2 || down.size() != 2) {
    return Invalid("up and down must have 2 numbers each");
  }
  const Tensor* padding = c->input_tensor(2);
  const int row_axis = data_format == "NHWC" ? 1 : 2;
  DimensionHandle sizes[2];
  for (int i = 0; i < 2; ++i) {
    TF_RETURN_IF_ERROR(InferSize(c, c->Dim(images, row_axis + i), c->Dim(kernel, i), up[i],
                                 down[i], padding, 2 * i, &sizes[i]));
  }
  ShapeHandle output;
  TF_RETURN_IF_ERROR(c->ReplaceDim(images, row_axis, sizes[0], &output));
  TF_RETURN_IF_ERROR(c->ReplaceDim(output, row_axis + 1, sizes[1], &output));
  c->set_output(0, output);
  return absl::OkStatus();
}

REGISTER_OP("GapsUpfirdn2D")
    .Input("images: T")
    .Input("kernel: float")
    .Input("padding: int32")
    .Output("output: T")
    .Attr("T: {half, bfloat16, float, double}")
    .Attr("up: list(int)")
    .Attr("down: list(int)")
    .Attr("data_format: {'NHWC', 'NCHW'}")
    .SetShapeFn(InferUpfirdn2D)
    .Doc("Inserts zeros, pads, convolves, keeps every down-th sample; see upfirdn_2d in Python.");

// One function for each instruction set and type.
#define GAPS_UPFIRDN_2D(T, F)                                                              \
  GAPS_CLONES void Run(const Upfirdn2DPlan<F>& plan, const T* images, int64_t begin,       \
                       int64_t end, Upfirdn2DScratch<T, F>* scratch, T* output) {          \
    Upfirdn2DRows(plan, images, begin, end, scratch, output);                              \
  }
GAPS_UPFIRDN_2D(Half, float)
GAPS_UPFIRDN_2D(BFloat16, float)
GAPS_UPFIRDN_2D(float, float)
GAPS_UPFIRDN_2D(double, double)
#undef GAPS_UPFIRDN_2D

// T is TensorFlow's name of the type, Element ours.
template <typename T, typename Element>
class Upfirdn2DOp : public OpKernel {
 public:
  explicit Upfirdn2DOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, attributes_.Read(context));
  }

  void Compute(OpKernelContext* context) override {
    using F = typename Accumulator<Element>::type;
    const Tensor& images = context->input(0);
    const Tensor& kernel = context->input(1);
    Upfirdn2DSizes sizes;
    TensorShape shape;
    OP_REQUIRES_OK(context, CheckUpfirdn2D(attributes_, images, kernel, context->input(2), &sizes,
                                           &shape));
    Tensor* output;
    OP_REQUIRES_OK(context, context->allocate_output(0, shape, &output));
    if (shape.num_elements() == 0) return;

    std::optional<Upfirdn2DPlan<F>> made;
    try {
      made.emplace(sizes, kernel.flat<float>().data());
    } catch (const std::bad_alloc&) {
      context->CtxFailure(absl::ResourceExhaustedError("no memory for images of that size"));
      return;
    }
    const Upfirdn2DPlan<F>& plan = *made;
    const auto* from = reinterpret_cast<const Element*>(images.flat<T>().data());
    auto* to = reinterpret_cast<Element*>(output->flat<T>().data());
    const auto work = [&plan, from, to](int64_t begin, int64_t end) {
      Upfirdn2DScratch<Element, F> scratch(plan);
      Run(plan, from, begin, end, &scratch, to);
    };
    const auto* threads = context->device()->tensorflow_cpu_worker_threads();
    tensorflow::Shard(threads->num_threads, threads->workers, plan.images * plan.out_height,
                      CyclesOfRow(plan, sizes), work);
  }

 private:
  template <typename Plan>
  static int64_t CyclesOfRow(const Plan& plan, const Upfirdn2DSizes& sizes) {
    const int64_t taps_y = sizes.kernel_height / sizes.up_y + 1;
    const int64_t taps_x = sizes.kernel_width / sizes.up_x + 1;
    const int64_t taps = plan.separable ? plan.in_width * taps_y + plan.out_width * taps_x
                                        : plan.out_width * taps_y * taps_x;
    return 100 + taps * plan.pixel / 4;
  }

  Upfirdn2DAttributes attributes_;
};

#define GAPS_REGISTER(T, Element)                                                          \
  REGISTER_KERNEL_BUILDER(                                                                 \
      Name("GapsUpfirdn2D").Device(tensorflow::DEVICE_CPU).TypeConstraint<T>("T"),         \
      Upfirdn2DOp<T, Element>)
GAPS_REGISTER(Eigen::half, Half);
GAPS_REGISTER(Eigen::bfloat16, BFloat16);
GAPS_REGISTER(float, float);
GAPS_REGISTER(double, double);
#undef GAPS_REGISTER

}  // namespace gaps
