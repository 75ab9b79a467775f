// Definitions that the CPU and the GPU kernels share. Free of TensorFlow.

#ifndef GAPS_KERNELS_COMMON_H_
#define GAPS_KERNELS_COMMON_H_

#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__CUDACC__)
#define GAPS_HD __host__ __device__ __forceinline__
#elif defined(__GNUC__)
// Inlined always, so that a loop compiled for AVX2 or AVX-512 takes the formula along.
#define GAPS_HD inline __attribute__((always_inline))
#else
#define GAPS_HD inline
#endif

namespace gaps {

// The sizes of one upfirdn_2d. An output sample (y, x) is
//
//   sum over (ky, kx) of kernel[ky, kx] * padded[y * down_y + kernel_height - 1 - ky,
//                                                x * down_x + kernel_width - 1 - kx]
//
// where padded[r, c] is images[(r - pad_top) / up_y, (c - pad_left) / up_x] if both quotients are
// whole and inside the image, and else 0. Bottom and right padding only decide the output's size.
struct Upfirdn2DSizes {
  int64_t batch, in_height, in_width, channels, out_height, out_width;
  int kernel_height, kernel_width, up_y, up_x, down_y, down_x, pad_top, pad_left;
  bool channels_last;  // NHWC, else NCHW
};

// A tensor around the axis that the bias lies on: [outer, channels, inner].
struct BiasActSizes {
  int64_t outer, channels, inner;
};

enum class Activation { linear, relu, lrelu, tanh, sigmoid, elu, selu, softplus, swish };

struct ActivationName {
  const char* name;
  Activation activation;
};

constexpr ActivationName kActivationNames[] = {
    {"linear", Activation::linear},   {"relu", Activation::relu},
    {"lrelu", Activation::lrelu},     {"tanh", Activation::tanh},
    {"sigmoid", Activation::sigmoid}, {"elu", Activation::elu},
    {"selu", Activation::selu},       {"softplus", Activation::softplus},
    {"swish", Activation::swish},
};

// Finds an activation by its name; false where there is none of that name.
inline bool parse_activation(const char* name, Activation* activation) {
  for (const ActivationName& each : kActivationNames) {
    if (std::strcmp(each.name, name) == 0) {
      *activation = each.activation;
      return true;
    }
  }
  return false;
}

template <typename F>
GAPS_HD F logistic(F x) {
  return F(1) / (F(1) + std::exp(-x));
}

// f(x), f'(x) or f''(x) for the orders 0, 1 and 2. `alpha` is the slope of lrelu below 0 and the
// scale of elu; the others do not read it. At a kink, the derivative from the left.
template <typename F>
GAPS_HD F activation_derivative(Activation activation, int order, F x, F alpha) {
  switch (activation) {
    case Activation::linear:
      return order == 0 ? x : order == 1 ? F(1) : F(0);
    case Activation::relu:  // NaN stays NaN.
      return order == 0 ? (x <= F(0) ? F(0) : x) : order == 1 && !(x <= F(0)) ? F(1) : F(0);
    case Activation::lrelu: {
      const F slope = x > F(0) ? F(1) : alpha;
      return order == 0 ? slope * x : order == 1 ? slope : F(0);
    }
    case Activation::tanh: {
      const F value = std::tanh(x);
      if (order == 0) return value;
      const F power = std::exp(F(-2) * std::fabs(x)), sum = F(1) + power;
      const F slope = F(4) * power / (sum * sum);  // 1 - value^2 without cancellation
      return order == 1 ? slope : F(-2) * value * slope;
    }
    case Activation::sigmoid: {
      const F value = logistic(x), other = logistic(-x);  // 1 - value without cancellation
      return order == 0 ? value : order == 1 ? value * other : value * other * (other - value);
    }
    case Activation::elu:
      if (x > F(0)) return order == 0 ? x : order == 1 ? F(1) : F(0);
      return alpha * (order == 0 ? std::expm1(x) : std::exp(x));
    case Activation::selu: {
      const F scale = F(1.0507009873554804934), scaled = scale * F(1.6732632423543772848);
      if (x > F(0)) return order == 0 ? scale * x : order == 1 ? scale : F(0);
      return scaled * (order == 0 ? std::expm1(x) : std::exp(x));
    }
    case Activation::softplus: {
      if (order == 0) return (x < F(0) ? F(0) : x) + std::log1p(std::exp(-std::fabs(x)));
      const F value = logistic(x);
      return order == 1 ? value : value * logistic(-x);
    }
    case Activation::swish: {
      const F value = logistic(x), other = logistic(-x);
      if (order == 0) return x * value;
      if (order == 1) return value + x * value * other;
      return value * other * (F(2) + x * (other - value));
    }
  }
  return x;
}

}  // namespace gaps

#endif  // GAPS_KERNELS_COMMON_H_
