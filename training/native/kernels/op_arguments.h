// Checks of the ops' arguments, the same on every device.

#ifndef GAPS_KERNELS_OP_ARGUMENTS_H_
#define GAPS_KERNELS_OP_ARGUMENTS_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/framework/tensor_shape.h"

namespace gaps {

// Sizes, factors and padding stay within this, so that sums of two fit into int32: the gradient
// computes its padding from them.
constexpr int64_t kLargest = int64_t{1} << 30;

template <typename... Parts>
absl::Status Invalid(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

// One axis of upfirdn_2d: the number of output samples.
inline absl::Status OutputSize(int64_t in, int64_t up, int64_t down, int64_t before, int64_t after,
                               int64_t kernel, int64_t* out) {
  if (in < 1 || kernel < 1) {
    return Invalid("images and kernel must have pixels; got sizes ", in, " and ",
                                   kernel);
  }
  if (up < 1 || down < 1 || up > kLargest || down > kLargest) {
    return Invalid("up and down must be from 1 to 2^30; got ", up, " and ", down);
  }
  if (std::max(std::abs(before), std::abs(after)) > kLargest || kernel > kLargest ||
      in > kLargest / up || in * up + before + after > kLargest) {
    return Invalid("image of size ", in, ", up ", up, " and padding ", before,
                                   " and ", after, " exceeds 2^30");
  }
  const int64_t padded = in * up + before + after;
  if (padded < kernel) {
    return Invalid("kernel of size ", kernel, " is larger than the padded image, ",
                                   padded);
  }
  *out = (padded - kernel) / down + 1;
  return absl::OkStatus();
}

// up and down: [vertical, horizontal].
struct Upfirdn2DAttributes {
  std::vector<int> up, down;
  bool channels_last;

  absl::Status Read(tensorflow::OpKernelConstruction* context) {
    std::string data_format;
    TF_RETURN_IF_ERROR(context->GetAttr("up", &up));
    TF_RETURN_IF_ERROR(context->GetAttr("down", &down));
    TF_RETURN_IF_ERROR(context->GetAttr("data_format", &data_format));
    if (up.size() != 2 || down.size() != 2) {
      return Invalid(
          "up and down must have 2 numbers each, vertical and horizontal; got ", up.size(), " and ",
          down.size());
    }
    channels_last = data_format == "NHWC";
    return absl::OkStatus();
  }
};

// Checks the inputs (`padding` in host memory) and fills in `sizes` and the output's shape.
inline absl::Status CheckUpfirdn2D(const Upfirdn2DAttributes& attributes,
                                   const tensorflow::Tensor& images,
                                   const tensorflow::Tensor& kernel,
                                   const tensorflow::Tensor& padding, Upfirdn2DSizes* sizes,
                                   tensorflow::TensorShape* output) {
  if (images.dims() != 4) {
    return Invalid("images must have 4 dimensions, got ", images.dims());
  }
  if (kernel.dims() != 2) {
    return Invalid("kernel must have 2 dimensions, got ", kernel.dims());
  }
  if (padding.dims() != 1 || padding.dim_size(0) != 4) {
    return Invalid("padding must be [top, bottom, left, right], got shape ",
                                   padding.shape().DebugString());
  }
  const bool last = attributes.channels_last;
  const auto pad = padding.flat<int32_t>();
  int64_t out_height = 0, out_width = 0;
  TF_RETURN_IF_ERROR(OutputSize(images.dim_size(last ? 1 : 2), attributes.up[0],
                                attributes.down[0], pad(0), pad(1), kernel.dim_size(0),
                                &out_height));
  TF_RETURN_IF_ERROR(OutputSize(images.dim_size(last ? 2 : 3), attributes.up[1],
                                attributes.down[1], pad(2), pad(3), kernel.dim_size(1),
                                &out_width));
  *sizes = {images.dim_size(0),
            images.dim_size(last ? 1 : 2),
            images.dim_size(last ? 2 : 3),
            images.dim_size(last ? 3 : 1),
            out_height,
            out_width,
            static_cast<int>(kernel.dim_size(0)),
            static_cast<int>(kernel.dim_size(1)),
            attributes.up[0],
            attributes.up[1],
            attributes.down[0],
            attributes.down[1],
            pad(0),
            pad(2),
            last};
  // Fails where the number of elements overflows.
  return last ? tensorflow::TensorShape::BuildTensorShape(
                    {sizes->batch, out_height, out_width, sizes->channels}, output)
              : tensorflow::TensorShape::BuildTensorShape(
                    {sizes->batch, sizes->channels, out_height, out_width}, output);
}

struct BiasActAttributes {
  Activation activation;
  int order, axis;
  float alpha, gain;
  bool want_sum;

  absl::Status Read(tensorflow::OpKernelConstruction* context) {
    std::string name;
    TF_RETURN_IF_ERROR(context->GetAttr("activation", &name));
    TF_RETURN_IF_ERROR(context->GetAttr("order", &order));
    TF_RETURN_IF_ERROR(context->GetAttr("axis", &axis));
    TF_RETURN_IF_ERROR(context->GetAttr("alpha", &alpha));
    TF_RETURN_IF_ERROR(context->GetAttr("gain", &gain));
    TF_RETURN_IF_ERROR(context->GetAttr("want_sum", &want_sum));
    if (!parse_activation(name.c_str(), &activation)) {
      return Invalid("unknown activation \"", name, "\"");
    }
    if (order < 0 || order > 2) {
      return Invalid("order must be 0, 1 or 2, got ", order);
    }
    if (axis < 0) {
      return Invalid("axis must not be negative, got ", axis);
    }
    return absl::OkStatus();
  }
};

// Checks the inputs and fills in `sizes`. An empty `multiplier` [0] stands for 1, an empty `bias`
// for 0, unless x itself has that shape, where it makes no difference.
inline absl::Status CheckBiasAct(const BiasActAttributes& attributes,
                                 const tensorflow::Tensor& multiplier, const tensorflow::Tensor& x,
                                 const tensorflow::Tensor& bias, BiasActSizes* sizes) {
  if (attributes.axis >= x.dims()) {
    return Invalid("axis is ", attributes.axis, ", but x has ", x.dims(),
                                   " dimensions");
  }
  const tensorflow::TensorShape empty({0});
  if (multiplier.shape() != empty && multiplier.shape() != x.shape()) {
    return Invalid("multiplier must have x's shape ", x.shape().DebugString(),
                                   " or [0], got ", multiplier.shape().DebugString());
  }
  const tensorflow::TensorShape channels({x.dim_size(attributes.axis)});
  if (bias.shape() != empty && bias.shape() != channels) {
    return Invalid("bias must have shape ", channels.DebugString(),
                                   " or [0], got ", bias.shape().DebugString());
  }
  // Products of a subset of the dimensions can overflow only where another dimension is 0.
  *sizes = {1, x.dim_size(attributes.axis), 1};
  if (x.NumElements() == 0) {
    sizes->outer = 0;
    return absl::OkStatus();
  }
  for (int i = 0; i < attributes.axis; ++i) sizes->outer *= x.dim_size(i);
  for (int i = attributes.axis + 1; i < x.dims(); ++i) sizes->inner *= x.dim_size(i);
  return absl::OkStatus();
}

}  // namespace gaps

#endif  // GAPS_KERNELS_OP_ARGUMENTS_H_
