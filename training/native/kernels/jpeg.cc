// The ops GapsJpeg and GapsJpegGradient, and their kernels for CPUs.

#include <atomic>
#include <new>

#include "absl/status/status.h"
#include "jpeg_gradient_cpu.h"
#include "op_arguments.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/shape_inference.h"
#include "tensorflow/core/util/work_sharder.h"

namespace gaps {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::shape_inference::InferenceContext;
using tensorflow::shape_inference::ShapeHandle;

absl::Status InferJpeg(InferenceContext* c) {
  ShapeHandle checked;
  TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 4, &checked));
  c->set_output(0, checked);
  return c->WithRank(c->input(1), 3, &checked);
}

REGISTER_OP("GapsJpeg")
    .Input("images: float")
    .Input("steps: int32")
    .Output("output: float")
    .SetShapeFn(InferJpeg)
    .Doc("Images as they come back from JPEG; see training.jpeg.differentiable in Python. "
         "images: [N, H, W, 1 or 3]; steps: [N, tables of luma and chroma, 64].");

REGISTER_OP("GapsJpegGradient")
    .Input("images: float")
    .Input("steps: int32")
    .Input("upstream: float")
    .Output("gradient: float")
    .SetShapeFn(InferJpeg)
    .Doc("The gradient of GapsJpeg with respect to the images.");

absl::Status CheckJpeg(const Tensor& images, const Tensor& steps, const Tensor* upstream) {
  if (images.dims() != 4 || (images.dim_size(3) != 1 && images.dim_size(3) != 3)) {
    return Invalid("images must be [N, H, W, 1 or 3], got ", images.shape().DebugString());
  }
  const int64_t count = images.dim_size(0), tables = images.dim_size(3) == 1 ? 1 : 2;
  if (steps.shape() != tensorflow::TensorShape({count, tables, kBlockSize})) {
    return Invalid("steps must be [", count, ", ", tables, ", 64], got ",
                   steps.shape().DebugString());
  }
  const auto all = steps.flat<int32_t>();
  for (int64_t i = 0; i < all.size(); ++i) {
    if (all(i) < 1 || all(i) > 255) {
      return Invalid("steps must be 1 ... 255, got ", all(i));
    }
  }
  if (upstream != nullptr && upstream->shape() != images.shape()) {
    return Invalid("upstream must have the shape of the images");
  }
  return absl::OkStatus();
}

// One function for each instruction set.
GAPS_CLONES void RunPixels(const float* images, const int32_t* steps, int64_t begin, int64_t end,
                           JpegImage* memory, float* output) {
  const int64_t size = memory->height * memory->width * memory->channels;
  const int64_t tables = memory->channels == 1 ? 1 : 2;
  for (int64_t i = begin; i < end; ++i) {
    JpegPixels(images + i * size, steps + i * tables * kBlockSize, memory, output + i * size);
  }
}

GAPS_CLONES void RunGradient(const float* images, const int32_t* steps, const float* upstream,
                             int64_t begin, int64_t end, JpegImage* memory, float* output) {
  const int64_t size = memory->height * memory->width * memory->channels;
  const int64_t tables = memory->channels == 1 ? 1 : 2;
  for (int64_t i = begin; i < end; ++i) {
    JpegGradient(images + i * size, steps + i * tables * kBlockSize, upstream + i * size, memory,
                 output + i * size);
  }
}

template <bool kGradient>
class JpegOp : public OpKernel {
 public:
  explicit JpegOp(OpKernelConstruction* context) : OpKernel(context) {}

  void Compute(OpKernelContext* context) override {
    const Tensor &images = context->input(0), &steps = context->input(1);
    const Tensor* upstream = kGradient ? &context->input(2) : nullptr;
    OP_REQUIRES_OK(context, CheckJpeg(images, steps, upstream));
    Tensor* output;
    // In place where nobody needs the input any more: an image is read before its output is written.
    // The gradient reads images up to the end, and overwrites the upstream gradient.
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output({kGradient ? 2 : 0}, 0,
                                                                      images.shape(), &output));
    if (images.NumElements() == 0) return;

    const float* from = images.flat<float>().data();
    const float* slopes = kGradient ? upstream->flat<float>().data() : nullptr;
    const int32_t* tables = steps.flat<int32_t>().data();
    float* to = output->flat<float>().data();
    std::atomic<bool> has_memory{true};
    const auto work = [&](int64_t begin, int64_t end) {
      try {
        JpegImage memory(images.dim_size(1), images.dim_size(2), images.dim_size(3), kGradient);
        if constexpr (kGradient) {
          RunGradient(from, tables, slopes, begin, end, &memory, to);
        } else {
          RunPixels(from, tables, begin, end, &memory, to);
        }
      } catch (const std::bad_alloc&) {
        has_memory = false;
      }
    };
    const auto* threads = context->device()->tensorflow_cpu_worker_threads();
    const int64_t cycles = images.NumElements() / images.dim_size(0) * (kGradient ? 20 : 8);
    tensorflow::Shard(threads->num_threads, threads->workers, images.dim_size(0), cycles, work);
    OP_REQUIRES(context, has_memory,
                absl::ResourceExhaustedError("no memory for images of that size"));
  }
};

REGISTER_KERNEL_BUILDER(Name("GapsJpeg").Device(tensorflow::DEVICE_CPU), JpegOp<false>);
REGISTER_KERNEL_BUILDER(Name("GapsJpegGradient").Device(tensorflow::DEVICE_CPU), JpegOp<true>);

}  // namespace gaps
