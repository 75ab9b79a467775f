// The op GapsBiasAct and its kernel for CPUs.

#include <algorithm>
#include <vector>

#include "element.h"
#include "fused_bias_act_cpu.h"
#include "op_arguments.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/shape_inference.h"
#include "tensorflow/core/util/work_sharder.h"

namespace gaps {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::shape_inference::InferenceContext;
using tensorflow::shape_inference::ShapeHandle;

absl::Status InferBiasAct(InferenceContext* c) {
  const ShapeHandle x = c->input(1);
  int axis;
  bool want_sum;
  TF_RETURN_IF_ERROR(c->GetAttr("axis", &axis));
  TF_RETURN_IF_ERROR(c->GetAttr("want_sum", &want_sum));
  if (axis < 0) return Invalid("axis must not be negative, got ", axis);
  ShapeHandle checked;
  TF_RETURN_IF_ERROR(c->WithRankAtLeast(x, int64_t{axis} + 1, &checked));
  TF_RETURN_IF_ERROR(c->WithRank(c->input(2), 1, &checked));
  c->set_output(0, x);
  c->set_output(1, !want_sum          ? c->Vector(0)
                   : c->RankKnown(x) ? c->Vector(c->Dim(x, axis))
                                     : c->Vector(c->UnknownDim()));
  return absl::OkStatus();
}

REGISTER_OP("GapsBiasAct")
    .Input("multiplier: T")
    .Input("x: T")
    .Input("bias: T")
    .Output("output: T")
    .Output("bias_sum: T")
    .Attr("T: {half, bfloat16, float, double}")
    .Attr("activation: string")
    .Attr("order: int")
    .Attr("alpha: float")
    .Attr("gain: float")
    .Attr("axis: int")
    .Attr("want_sum: bool")
    .SetShapeFn(InferBiasAct)
    .Doc("multiplier * gain * f(x + bias), f of the order-th derivative; see fused_bias_act in "
         "Python.");

// One function for each instruction set and type.
#define GAPS_BIAS_ACT(T, F)                                                                    \
  GAPS_CLONES void RunBlocks(const BiasAct<F>& op, const BiasActSizes& sizes,                  \
                             const BiasActBlocks& blocks, const BiasActArrays<T, F>& arrays,   \
                             int64_t begin, int64_t end) {                                     \
    for (int64_t block = begin; block < end; ++block) {                                        \
      BiasActBlock(op, sizes, blocks, arrays, block);                                          \
    }                                                                                          \
  }
GAPS_BIAS_ACT(Half, float)
GAPS_BIAS_ACT(BFloat16, float)
GAPS_BIAS_ACT(float, float)
GAPS_BIAS_ACT(double, double)
#undef GAPS_BIAS_ACT

// T is TensorFlow's name of the type, Element ours.
template <typename T, typename Element>
class BiasActOp : public OpKernel {
 public:
  explicit BiasActOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, attributes_.Read(context));
  }

  void Compute(OpKernelContext* context) override {
    const Tensor& multiplier = context->input(0);
    const Tensor& x = context->input(1);
    const Tensor& bias = context->input(2);
    BiasActSizes sizes;
    OP_REQUIRES_OK(context, CheckBiasAct(attributes_, multiplier, x, bias, &sizes));
    Tensor *output, *bias_sum;
    // In place where nobody needs the input any more: elements are read before they are written.
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output({0, 1}, 0, x.shape(),
                                                                      &output));
    const TensorShape sums({attributes_.want_sum ? sizes.channels : 0});
    OP_REQUIRES_OK(context, context->allocate_output(1, sums, &bias_sum));
    Element* sum = bias_sum->NumElements() > 0 ? Elements(bias_sum) : nullptr;
    if (x.NumElements() == 0) {
      if (sum != nullptr) std::fill_n(sum, sizes.channels, Element{});
      return;
    }

    const BiasActBlocks blocks(sizes);
    Tensor partial;
    BiasActArrays<Element, F> arrays{Elements(multiplier), Elements(x), Elements(bias),
                                     Elements(output), nullptr};
    if (sum != nullptr) {
      const TensorShape shape({blocks.partial_sums(), sizes.channels});
      OP_REQUIRES_OK(context, context->allocate_temp(tensorflow::DataTypeToEnum<F>::value, shape,
                                                     &partial));
      arrays.partial = partial.flat<F>().data();
    }
    Run(context, sizes, blocks, arrays);
    if (sum != nullptr) AddPartial(arrays.partial, blocks.partial_sums(), sizes.channels, sum);
  }

 private:
  using F = typename Accumulator<Element>::type;

  static const Element* Elements(const Tensor& tensor) {
    if (tensor.NumElements() == 0) return nullptr;
    return reinterpret_cast<const Element*>(tensor.flat<T>().data());
  }

  static Element* Elements(Tensor* tensor) {
    return reinterpret_cast<Element*>(tensor->flat<T>().data());
  }

  void Run(OpKernelContext* context, const BiasActSizes& sizes, const BiasActBlocks& blocks,
           const BiasActArrays<Element, F>& arrays) const {
    const BiasAct<F> op{attributes_.activation, attributes_.order, attributes_.alpha,
                        attributes_.gain};
    const auto work = [&](int64_t begin, int64_t end) {
      RunBlocks(op, sizes, blocks, arrays, begin, end);
    };
    const bool linear_pieces = attributes_.activation <= Activation::lrelu;
    const auto* threads = context->device()->tensorflow_cpu_worker_threads();
    tensorflow::Shard(threads->num_threads, threads->workers, blocks.count(),
                      100 + blocks.elements() * (linear_pieces ? 1 : 20), work);
  }

  static void AddPartial(const F* partial, int64_t rows, int64_t channels, Element* sum) {
    std::vector<double> totals(channels);
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t c = 0; c < channels; ++c) totals[c] += partial[row * channels + c];
    }
    for (int64_t c = 0; c < channels; ++c) Store(static_cast<F>(totals[c]), &sum[c]);
  }

  BiasActAttributes attributes_;
};

#define GAPS_REGISTER(T, Element)                                                            \
  REGISTER_KERNEL_BUILDER(                                                                   \
      Name("GapsBiasAct").Device(tensorflow::DEVICE_CPU).TypeConstraint<T>("T"),             \
      BiasActOp<T, Element>)
GAPS_REGISTER(Eigen::half, Half);
GAPS_REGISTER(Eigen::bfloat16, BFloat16);
GAPS_REGISTER(float, float);
GAPS_REGISTER(double, double);
#undef GAPS_REGISTER

}  // namespace gaps
