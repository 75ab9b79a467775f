// Checks and times the GPU kernels by themselves, without TensorFlow; docs/gpu.md says how to build
// it. Exit code 0 if all is right; --check leaves the times out.
//
// Every check compares all outputs with a loop in double precision on the CPU, and finds writes
// outside of the outputs. Times are compared with a copy from device memory to device memory.

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "fused_bias_act_gpu.h"
#include "gpu_common.cuh"
#include "upfirdn_2d_gpu.h"

namespace gaps {
namespace {

int failures = 0, checks = 0;

void require(const char* what, GpuError error) {
  if (error == nullptr) return;
  std::fprintf(stderr, "%s: %s\n", what, error);
  std::exit(2);
}

void require(const char* what, cudaError_t error) {
  require(what, error == cudaSuccess ? nullptr : cudaGetErrorString(error));
}

template <typename T>
struct Type;
template <>
struct Type<float> {
  static constexpr GpuType id = GpuType::float32;
  static constexpr const char* name = "float32";
  static constexpr double rounding = 1e-6;
};
template <>
struct Type<__half> {
  static constexpr GpuType id = GpuType::float16;
  static constexpr const char* name = "float16";
  static constexpr double rounding = 1.0 / 2048;
};
template <>
struct Type<__nv_bfloat16> {
  static constexpr GpuType id = GpuType::bfloat16;
  static constexpr const char* name = "bfloat16";
  static constexpr double rounding = 1.0 / 256;
};

float host_float(float value) { return value; }
float host_float(__half value) { return __half2float(value); }
float host_float(__nv_bfloat16 value) { return __bfloat162float(value); }

template <typename T>
T host_element(float value);
template <>
float host_element<float>(float value) {
  return value;
}
template <>
__half host_element<__half>(float value) {
  return __float2half_rn(value);
}
template <>
__nv_bfloat16 host_element<__nv_bfloat16>(float value) {
  return __float2bfloat16_rn(value);
}

template <typename T>
std::vector<T> normal(int64_t size, unsigned seed) {
  std::mt19937 bits(seed);
  std::normal_distribution<float> distribution;
  std::vector<T> values(size);
  for (T& value : values) value = host_element<T>(distribution(bits));
  return values;
}

// Device memory of `size` elements, `shift` elements off an aligned address, between guards.
template <typename T>
class Device {
 public:
  explicit Device(int64_t size, int shift = 0) : size_(size), before_(kGuard + shift) {
    require("cudaMalloc", cudaMalloc(&memory_, bytes()));
    require("cudaMemset", cudaMemset(memory_, kPattern, bytes()));
  }
  explicit Device(const std::vector<T>& values, int shift = 0) : Device(values.size(), shift) {
    require("copy to the device",
            cudaMemcpy(data(), values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice));
  }
  Device(const Device&) = delete;
  ~Device() { cudaFree(memory_); }

  T* data() { return memory_ + before_; }

  // The elements; counts a failure if a guard was written to.
  std::vector<T> read(const std::string& what) {
    std::vector<T> all(before_ + size_ + kGuard);
    require(what.c_str(), cudaMemcpy(all.data(), memory_, bytes(), cudaMemcpyDeviceToHost));
    const auto intact = [&](int64_t first, int64_t last) {
      const auto* byte = reinterpret_cast<const unsigned char*>(all.data());
      return std::all_of(byte + first * sizeof(T), byte + last * sizeof(T),
                         [](unsigned char each) { return each == kPattern; });
    };
    if (!intact(0, before_) || !intact(before_ + size_, all.size())) {
      std::printf("FAILED %s: a write outside of the output\n", what.c_str());
      ++failures;
    }
    return {all.begin() + before_, all.begin() + before_ + size_};
  }

 private:
  static constexpr int kGuard = 64;
  static constexpr unsigned char kPattern = 0xA5;
  size_t bytes() const { return (before_ + size_ + kGuard) * sizeof(T); }

  int64_t size_;
  int before_;
  T* memory_ = nullptr;
};

// Compares one output; `scale` is the size of the numbers that were added up to it.
template <typename T>
bool same(const std::string& what, int64_t index, T actual, double expected, double scale) {
  const double error = std::fabs(host_float(actual) - expected);
  if (error <= Type<T>::rounding * (std::fabs(expected) + 1e-3) + 1e-6 * scale) return true;
  std::printf("FAILED %s: output %lld is %.8g, not %.8g\n", what.c_str(),
              static_cast<long long>(index), host_float(actual), expected);
  ++failures;
  return false;
}

// ---- upfirdn_2d

int64_t output_size(int64_t in, int up, int down, int before, int after, int kernel) {
  return (in * up + before + after - kernel) / down + 1;
}

struct Resampling {
  int up_y, up_x, down_y, down_x, top, bottom, left, right, kernel_height, kernel_width;
};

Upfirdn2DSizes sizes_of(int64_t batch, int64_t height, int64_t width, int64_t channels,
                        const Resampling& r, bool channels_last) {
  return {batch, height, width, channels,
          output_size(height, r.up_y, r.down_y, r.top, r.bottom, r.kernel_height),
          output_size(width, r.up_x, r.down_x, r.left, r.right, r.kernel_width),
          r.kernel_height, r.kernel_width, r.up_y, r.up_x, r.down_y, r.down_x, r.top, r.left,
          channels_last};
}

int64_t offset(const Upfirdn2DSizes& s, int64_t height, int64_t width, int64_t image, int64_t y,
               int64_t x, int64_t channel) {
  return s.channels_last ? ((image * height + y) * width + x) * s.channels + channel
                         : ((image * s.channels + channel) * height + y) * width + x;
}

// One output, by the definition; `pixel(y, x)` is the image's.
template <typename Pixel>
double definition(const Upfirdn2DSizes& s, const std::vector<float>& kernel, int64_t out_y,
                  int64_t out_x, const Pixel& pixel, double* scale) {
  double sum = 0;
  *scale = 0;
  for (int ky = 0; ky < s.kernel_height; ++ky) {
    for (int kx = 0; kx < s.kernel_width; ++kx) {
      // In the image with zeros inserted, before padding.
      const int64_t y = out_y * s.down_y + s.kernel_height - 1 - ky - s.pad_top;
      const int64_t x = out_x * s.down_x + s.kernel_width - 1 - kx - s.pad_left;
      if (y < 0 || x < 0 || y % s.up_y != 0 || x % s.up_x != 0) continue;
      if (y / s.up_y >= s.in_height || x / s.up_x >= s.in_width) continue;
      const double term = double{kernel[ky * s.kernel_width + kx]} * pixel(y / s.up_y, x / s.up_x);
      sum += term;
      *scale += std::fabs(term);
    }
  }
  return sum;
}

template <typename T>
void check_upfirdn_2d(const Upfirdn2DSizes& s, int shift) {
  char name[200];
  std::snprintf(name, sizeof(name),
                "upfirdn_2d %s %s [%lld, %lld, %lld, %lld] kernel %dx%d up %d,%d down %d,%d "
                "top %d left %d shift %d",
                Type<T>::name, s.channels_last ? "NHWC" : "NCHW", static_cast<long long>(s.batch),
                static_cast<long long>(s.in_height), static_cast<long long>(s.in_width),
                static_cast<long long>(s.channels), s.kernel_height, s.kernel_width, s.up_y, s.up_x,
                s.down_y, s.down_x, s.pad_top, s.pad_left, shift);
  const auto images = normal<T>(s.batch * s.in_height * s.in_width * s.channels, 1);
  const auto kernel = normal<float>(s.kernel_height * s.kernel_width, 2);
  Device<T> from(images, shift), to(s.batch * s.out_height * s.out_width * s.channels, shift);
  Device<float> taps(kernel);
  require(name, upfirdn_2d_gpu(Type<T>::id, s, from.data(), taps.data(), to.data(), nullptr));
  const auto output = to.read(name);
  ++checks;
  for (int64_t n = 0; n < s.batch; ++n) {
    for (int64_t c = 0; c < s.channels; ++c) {
      const auto pixel = [&](int64_t y, int64_t x) {
        return double{host_float(images[offset(s, s.in_height, s.in_width, n, y, x, c)])};
      };
      for (int64_t y = 0; y < s.out_height; ++y) {
        for (int64_t x = 0; x < s.out_width; ++x) {
          double scale;
          const double expected = definition(s, kernel, y, x, pixel, &scale);
          const int64_t index = offset(s, s.out_height, s.out_width, n, y, x, c);
          if (!same(name, index, output[index], expected, scale)) return;
        }
      }
    }
  }
}

template <typename T>
void check_upfirdn_2d() {
  const Resampling resamplings[] = {
      {1, 1, 1, 1, 2, 1, 2, 1, 4, 4},    // blur
      {1, 1, 1, 1, 3, 2, 0, 3, 4, 4},    // unequal padding
      {2, 2, 1, 1, 2, 1, 2, 1, 4, 4},    // up 2
      {2, 2, 1, 1, 3, 4, 1, 2, 4, 4},    // the other phases of up 2
      {2, 2, 1, 1, -1, 4, 0, -3, 4, 4},  // cropping
      {1, 1, 2, 2, 1, 1, 1, 1, 4, 4},    // down 2
      {1, 1, 2, 2, 2, 3, -1, 2, 4, 4},
      {1, 1, 1, 1, 40, 30, 30, 40, 4, 4},  // far more padding than image
      {2, 2, 2, 2, 1, 2, 2, 1, 4, 4},      // the general kernel from here on
      {3, 2, 2, 3, 4, 1, -1, 5, 5, 3},
      {1, 1, 1, 1, 0, 0, 0, 0, 1, 1},
      {2, 1, 1, 1, 5, 6, 0, 0, 12, 1},
      {1, 3, 1, 2, 17, 18, 19, 20, 33, 34},  // more taps than shared memory is used for
  };
  for (const Resampling& r : resamplings) {
    for (const bool channels_last : {true, false}) {
      for (const int64_t channels : {1, 3, 8, 24}) {
        check_upfirdn_2d<T>(sizes_of(2, 9, 7, channels, r, channels_last), 0);
      }
      check_upfirdn_2d<T>(sizes_of(1, 8, 8, 16, r, channels_last), 1);  // unaligned
      check_upfirdn_2d<T>(sizes_of(0, 8, 8, 16, r, channels_last), 0);  // empty
    }
  }
  check_upfirdn_2d<T>(sizes_of(3, 33, 18, 40, resamplings[0], true), 0);  // several blocks
  check_upfirdn_2d<T>(sizes_of(3, 33, 18, 40, resamplings[3], true), 0);
  check_upfirdn_2d<T>(sizes_of(3, 33, 18, 40, resamplings[6], true), 0);
}

// ---- fused_bias_act

struct Options {
  bool multiplier, bias, sum;
};

template <typename T>
void check_bias_act(const BiasActSizes& s, const BiasActFormula& f, const Options& options,
                    int shift) {
  char name[200];
  std::snprintf(name, sizeof(name),
                "fused_bias_act %s [%lld, %lld, %lld] %s order %d multiplier %d bias %d sum %d "
                "shift %d",
                Type<T>::name, static_cast<long long>(s.outer), static_cast<long long>(s.channels),
                static_cast<long long>(s.inner), kActivationNames[int(f.activation)].name, f.order,
                options.multiplier, options.bias, options.sum, shift);
  const int64_t size = s.outer * s.channels * s.inner;
  const auto x = normal<T>(size, 3), multiplier = normal<T>(size, 4), bias = normal<T>(s.channels, 5);
  Device<T> x_there(x, shift), multiplier_there(multiplier, shift), bias_there(bias, shift);
  Device<T> output_there(size, shift), sum_there(options.sum ? s.channels : 0);
  Device<float> scratch(bias_act_gpu_scratch(s));
  require(name, bias_act_gpu(Type<T>::id, s, f, options.multiplier ? multiplier_there.data() : nullptr,
                             x_there.data(), options.bias ? bias_there.data() : nullptr,
                             output_there.data(), options.sum ? scratch.data() : nullptr,
                             sum_there.data(), nullptr));
  const auto output = output_there.read(name);
  const auto bias_sum = sum_there.read(name);
  scratch.read(name);  // for its guards
  ++checks;
  std::vector<double> sums(s.channels), scales(s.channels);
  for (int64_t i = 0; i < size; ++i) {
    const int64_t channel = i / s.inner % s.channels;
    // The sum of x and the bias is in float32 by definition: at a kink, it decides the side.
    const float sum = host_float(x[i]) + (options.bias ? host_float(bias[channel]) : 0.0f);
    const double slope = activation_derivative<double>(f.activation, f.order, sum, f.alpha);
    const double factor = (options.multiplier ? host_float(multiplier[i]) : 1.0) * f.gain;
    const double expected = factor * slope;
    if (!same(name, i, output[i], expected, std::fabs(factor) + std::fabs(expected))) return;
    sums[channel] += expected;
    scales[channel] += std::fabs(factor) + std::fabs(expected);
  }
  for (int64_t c = 0; options.sum && c < s.channels; ++c) {
    if (!same(name, c, bias_sum[c], sums[c], scales[c])) return;
  }
}

template <typename T>
void check_bias_act() {
  const BiasActSizes shapes[] = {
      {6, 1, 1}, {35, 3, 1}, {67, 40, 1}, {3, 5, 7}, {2, 6, 24}, {5, 1, 40}, {0, 4, 1}, {0, 4, 8},
      {0, 0, 1},
  };
  const Options all[] = {{false, true, false}, {true, true, true}, {true, false, false},
                         {false, false, true}};
  for (const BiasActSizes& shape : shapes) {
    for (const Options& options : all) {
      for (int order = 0; order < 3; ++order) {
        const BiasActFormula formula = {Activation::lrelu, order, 0.2f, 1.5f};
        check_bias_act<T>(shape, formula, options, 0);
        check_bias_act<T>(shape, formula, options, 1);
      }
    }
  }
  for (const ActivationName& each : kActivationNames) {
    for (int order = 0; order < 3; ++order) {
      check_bias_act<T>({50, 24, 1}, {each.activation, order, 0.7f, 0.9f}, all[1], 0);
      check_bias_act<T>({3, 4, 16}, {each.activation, order, 0.7f, 0.9f}, all[0], 0);
    }
  }
  // Several slabs and tiles.
  const BiasActFormula formula = {Activation::lrelu, 1, 0.2f, 1.4f};
  check_bias_act<T>({700, 264, 1}, formula, all[1], 0);
  check_bias_act<T>({9000, 3, 1}, formula, all[1], 0);
  check_bias_act<T>({40, 3, 1000}, formula, all[1], 0);
  check_bias_act<T>({2, 300, 17}, formula, all[1], 0);
}

// ---- more elements than 32 bits can count

constexpr float kPixel = 1.0f;

void check_large() {
  const Resampling blur = {1, 1, 1, 1, 2, 1, 2, 1, 4, 4};
  const Upfirdn2DSizes s = sizes_of(66, 1024, 1024, 32, blur, true);
  const int64_t size = s.batch * s.out_height * s.out_width * s.channels;
  size_t free = 0, total = 0;
  require("cudaMemGetInfo", cudaMemGetInfo(&free, &total));
  if (free < 5 * static_cast<size_t>(size)) {
    std::printf("large tensors: not checked, for want of memory\n");
    return;
  }
  Device<__half> from(size), to(size);
  const BiasActSizes flat = {size / 32, 32, 1};
  const auto fill_one = [&] {  // sigmoid(0) * 2
    require("cudaMemset", cudaMemset(from.data(), 0, size * sizeof(__half)));
    require("large fused_bias_act",
            bias_act_gpu(GpuType::float16, flat, {Activation::sigmoid, 0, 0.0f, 2.0f}, nullptr,
                         from.data(), nullptr, from.data(), nullptr, nullptr, nullptr));
  };
  fill_one();
  const auto kernel = normal<float>(16, 2);
  Device<float> taps(kernel);
  require("large upfirdn_2d", upfirdn_2d_gpu(GpuType::float16, s, from.data(), taps.data(),
                                             to.data(), nullptr));
  for (const int64_t image : {int64_t{0}, s.batch - 1}) {
    for (const int64_t y : {int64_t{0}, int64_t{5}, s.out_height - 1}) {
      const int64_t first = offset(s, s.out_height, s.out_width, image, y, 0, 0);
      std::vector<__half> row(s.out_width * s.channels);
      require("copy", cudaMemcpy(row.data(), to.data() + first, row.size() * sizeof(__half),
                                 cudaMemcpyDeviceToHost));
      ++checks;
      for (size_t i = 0; i < row.size(); ++i) {
        double scale;
        const auto pixel = [](int64_t, int64_t) { return double{kPixel}; };
        const double expected = definition(s, kernel, y, i / s.channels, pixel, &scale);
        if (!same("large upfirdn_2d", first + i, row[i], expected, scale)) break;
      }
    }
  }
}

// ---- times

template <typename Run>
double seconds(const Run& run) {
  constexpr int kWarmUp = 3, kRuns = 20;
  cudaEvent_t start, stop;
  require("event", cudaEventCreate(&start));
  require("event", cudaEventCreate(&stop));
  for (int i = 0; i < kWarmUp; ++i) run();
  require("event", cudaEventRecord(start));
  for (int i = 0; i < kRuns; ++i) run();
  require("event", cudaEventRecord(stop));
  require("event", cudaEventSynchronize(stop));
  float milliseconds = 0;
  require("event", cudaEventElapsedTime(&milliseconds, start, stop));
  cudaEventDestroy(start);
  cudaEventDestroy(stop);
  return milliseconds / 1e3 / kRuns;
}

double copy_speed = 0;  // bytes read and written in a second

void report(const char* name, const char* type, double time, double bytes) {
  std::printf("%-44s %-8s %9.1f us %8.0f GB/s %6.0f %%\n", name, type, time * 1e6,
              bytes / time / 1e9, 100 * bytes / time / copy_speed);
}

void time_copy() {
  constexpr int64_t kBytes = int64_t{1} << 29;
  Device<float> from(kBytes / 4), to(kBytes / 4);
  const double time = seconds([&] {
    require("copy", cudaMemcpyAsync(to.data(), from.data(), kBytes, cudaMemcpyDeviceToDevice));
  });
  copy_speed = 2.0 * kBytes / time;
  report("copy from device memory to device memory", "", time, 2.0 * kBytes);
}

template <typename T>
void time_upfirdn_2d(const char* name, const Upfirdn2DSizes& s) {
  const int64_t in = s.batch * s.in_height * s.in_width * s.channels;
  const int64_t out = s.batch * s.out_height * s.out_width * s.channels;
  Device<T> from(in), to(out);
  Device<float> taps(normal<float>(s.kernel_height * s.kernel_width, 2));
  const double time = seconds([&] {
    require(name, upfirdn_2d_gpu(Type<T>::id, s, from.data(), taps.data(), to.data(), nullptr));
  });
  report(name, Type<T>::name, time, double(in + out) * sizeof(T));
}

template <typename T>
void time_bias_act(const char* name, const BiasActSizes& s, int order, const Options& options) {
  const int64_t size = s.outer * s.channels * s.inner;
  Device<T> x(size), multiplier(options.multiplier ? size : 0), output(size);
  Device<T> bias(s.channels), bias_sum(s.channels);
  Device<float> scratch(bias_act_gpu_scratch(s));
  const BiasActFormula formula = {Activation::lrelu, order, 0.2f, std::sqrt(2.0f)};
  const double time = seconds([&] {
    require(name, bias_act_gpu(Type<T>::id, s, formula,
                               options.multiplier ? multiplier.data() : nullptr, x.data(),
                               bias.data(), output.data(), options.sum ? scratch.data() : nullptr,
                               bias_sum.data(), nullptr));
  });
  report(name, Type<T>::name, time, double(size) * sizeof(T) * (options.multiplier ? 3 : 2));
}

template <typename T>
void time_all() {
  const Resampling blur = {1, 1, 1, 1, 2, 1, 2, 1, 4, 4}, up = {2, 2, 1, 1, 2, 1, 2, 1, 4, 4},
                   down = {1, 1, 2, 2, 1, 1, 1, 1, 4, 4}, other = {1, 1, 1, 1, 3, 3, 3, 3, 7, 7};
  time_upfirdn_2d<T>("blur NHWC 16x256x256x128", sizes_of(16, 256, 256, 128, blur, true));
  time_upfirdn_2d<T>("up 2 NHWC 16x128x128x128", sizes_of(16, 128, 128, 128, up, true));
  time_upfirdn_2d<T>("down 2 NHWC 16x256x256x128", sizes_of(16, 256, 256, 128, down, true));
  time_upfirdn_2d<T>("up 2 NHWC 64x128x128x3", sizes_of(64, 128, 128, 3, up, true));
  time_upfirdn_2d<T>("7x7 NHWC 16x256x256x128", sizes_of(16, 256, 256, 128, other, true));
  time_upfirdn_2d<T>("blur NCHW 16x128x256x256", sizes_of(16, 256, 256, 128, blur, false));
  time_upfirdn_2d<T>("up 2 NCHW 16x128x128x128", sizes_of(16, 128, 128, 128, up, false));
  time_upfirdn_2d<T>("down 2 NCHW 16x128x256x256", sizes_of(16, 256, 256, 128, down, false));
  const BiasActSizes last = {16 * 256 * 256, 128, 1}, first = {16, 128, 256 * 256};
  time_bias_act<T>("lrelu NHWC 16x256x256x128", last, 0, {false, true, false});
  time_bias_act<T>("lrelu's gradients NHWC 16x256x256x128", last, 1, {true, true, true});
  time_bias_act<T>("lrelu NCHW 16x128x256x256", first, 0, {false, true, false});
  time_bias_act<T>("lrelu's gradients NCHW 16x128x256x256", first, 1, {true, true, true});
}

}  // namespace
}  // namespace gaps

int main(int count, char** arguments) {
  using namespace gaps;
  cudaDeviceProp device;
  require("no GPU", cudaGetDeviceProperties(&device, 0));
  require("these kernels cannot run here", gpu_problem());
  std::printf("%s, sm_%d%d\n", device.name, device.major, device.minor);
  check_upfirdn_2d<float>();
  check_upfirdn_2d<__half>();
  check_upfirdn_2d<__nv_bfloat16>();
  check_bias_act<float>();
  check_bias_act<__half>();
  check_bias_act<__nv_bfloat16>();
  check_large();
  std::printf("%d checks, %d failed\n", checks, failures);
  if (failures == 0 && !(count > 1 && std::strcmp(arguments[1], "--check") == 0)) {
    time_copy();
    time_all<float>();
    time_all<__half>();
    time_all<__nv_bfloat16>();
  }
  return failures == 0 ? 0 : 1;
}
