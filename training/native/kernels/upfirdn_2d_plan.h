// What one upfirdn_2d computes, axis by axis: which input samples and which weights make each
// output sample. Inserted zeros and padding have no taps, so that no kernel touches them.

#ifndef GAPS_KERNELS_UPFIRDN_2D_PLAN_H_
#define GAPS_KERNELS_UPFIRDN_2D_PLAN_H_

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "common.h"

namespace gaps {

// An output sample is the sum over t < count of weights[weight + t] * input[sample - t].
struct Taps {
  int64_t sample;
  int weight, count;
};

// `length` output samples, an `out_step` apart, that have the same weights, and input samples an
// `in_step` apart.
struct Run {
  int64_t out, length;
  Taps taps;
};

// One axis of a filter that inserts up - 1 zeros and keeps every down-th sample.
struct Axis {
  std::vector<Taps> taps;  // of each output sample
  std::vector<int> order;  // the kernel's indices in the order of the weights: phase by phase
  int64_t in_step, out_step;

  Axis(int64_t in, int64_t out, int kernel, int up, int down, int pad)
      : in_step(down / std::gcd(up, down)), out_step(up / std::gcd(up, down)) {
    std::vector<int> first;  // weight of each phase
    for (int phase = 0; phase < std::min(up, kernel); ++phase) {
      first.push_back(static_cast<int>(order.size()));
      for (int64_t k = phase; k < kernel; k += up) order.push_back(static_cast<int>(k));
    }
    taps.reserve(out);
    for (int64_t i = 0; i < out; ++i) {
      const int64_t end = i * down + kernel - 1 - pad;  // Sample (end - k) / up has weight k.
      const int64_t phase = ((end % up) + up) % up;
      const int64_t low = std::max(phase, end - (in - 1) * up);
      const int64_t high = std::min<int64_t>(kernel - 1, end);
      if (low > high) {
        taps.push_back({0, 0, 0});
      } else {
        taps.push_back({(end - low) / up, first[phase] + static_cast<int>((low - phase) / up),
                        static_cast<int>((high - low) / up) + 1});
      }
    }
  }

  // Whether input and output move in steps of one pixel.
  bool dense() const { return in_step == 1 && out_step == 1; }

  // All output samples as runs, as long as can be.
  std::vector<Run> LongRuns() const {
    std::vector<Run> runs;
    const int64_t out = taps.size();
    for (int64_t phase = 0; phase < std::min(out_step, out); ++phase) {
      for (int64_t i = phase; i < out; i += out_step) {
        const Taps& next = taps[i];
        if (i > phase && next.weight == runs.back().taps.weight &&
            next.count == runs.back().taps.count) {
          ++runs.back().length;
        } else {
          runs.push_back({i, 1, next});
        }
      }
    }
    return runs;
  }

  // All output samples in their order, each a run.
  std::vector<Run> ShortRuns() const {
    std::vector<Run> runs;
    for (size_t i = 0; i < taps.size(); ++i) runs.push_back({static_cast<int64_t>(i), 1, taps[i]});
    return runs;
  }
};

// A kernel of rank 1 as the outer product of a column and a row, and whether it is that, up to
// `tolerance` of its largest element.
struct Factors {
  std::vector<double> column, row;
  bool exist = false;

  Factors(const float* kernel, int height, int width, double tolerance)
      : column(height), row(width) {
    const int64_t size = int64_t{height} * width;
    int64_t largest = 0;
    for (int64_t i = 0; i < size; ++i) {
      if (std::fabs(kernel[i]) > std::fabs(kernel[largest])) largest = i;
    }
    const double pivot = kernel[largest];
    if (pivot == 0) return;
    for (int y = 0; y < height; ++y) column[y] = kernel[int64_t{y} * width + largest % width];
    for (int x = 0; x < width; ++x) row[x] = kernel[largest / width * width + x] / pivot;
    // A column of ones is the identity; let a kernel of one row have that.
    if (height == 1) {
      for (double& each : row) each *= pivot;
      column[0] = 1;
    }
    for (int64_t i = 0; i < size; ++i) {
      const double error = kernel[i] - column[i / width] * row[i % width];
      if (!(std::fabs(error) <= tolerance * std::fabs(pivot))) return;  // NaN too
    }
    exist = true;
  }
};

constexpr int64_t kWidePixel = 16;  // elements; such a pixel is worth a loop of its own
constexpr int64_t kMostPlanes = 8;

// Both layouts look like [images, height, width, pixel] here: a pixel is an image's channels in
// NHWC, one element in NCHW.
template <typename F>
struct Upfirdn2DPlan {
  int64_t images, in_height, in_width, out_height, out_width, pixel;
  Axis vertical, horizontal;
  // Rows with small pixels are taken apart into planes of every in_step-th (out_step-th) pixel, in
  // which runs are dense; 1 otherwise.
  int64_t in_step, out_step;
  int64_t in_length, out_length;  // pixels of a plane
  std::vector<Run> runs;          // horizontal
  bool separable;
  std::vector<F> column, row;  // weights in the axes' order, where separable,
  std::vector<F> rows;         // [kernel_height, kernel_width], in the axes' order, otherwise

  Upfirdn2DPlan(const Upfirdn2DSizes& s, const float* kernel)
      : images(s.channels_last ? s.batch : s.batch * s.channels),
        in_height(s.in_height),
        in_width(s.in_width),
        out_height(s.out_height),
        out_width(s.out_width),
        pixel(s.channels_last ? s.channels : 1),
        vertical(s.in_height, s.out_height, s.kernel_height, s.up_y, s.down_y, s.pad_top),
        horizontal(s.in_width, s.out_width, s.kernel_width, s.up_x, s.down_x, s.pad_left),
        in_step(UsePlanes() ? horizontal.in_step : 1),
        out_step(UsePlanes() ? horizontal.out_step : 1),
        in_length((in_width + in_step - 1) / in_step),
        out_length((out_width + out_step - 1) / out_step),
        runs(UsePlanes() || horizontal.dense() ? horizontal.LongRuns() : horizontal.ShortRuns()) {
    // Kernels are given in float32, and outer products rounded to it. Doubles get all their bits.
    const double tolerance = sizeof(F) == sizeof(double) ? 0x1p-50 : 0x1p-22;
    const Factors factors(kernel, s.kernel_height, s.kernel_width, tolerance);
    separable = factors.exist;
    for (int y : vertical.order) {
      if (separable) {
        column.push_back(static_cast<F>(factors.column[y]));
        continue;
      }
      for (int x : horizontal.order) rows.push_back(kernel[int64_t{y} * s.kernel_width + x]);
    }
    for (int x : horizontal.order) {
      if (separable) row.push_back(static_cast<F>(factors.row[x]));
    }
  }

 private:
  bool UsePlanes() const {
    return !horizontal.dense() && pixel < kWidePixel &&
           std::max(horizontal.in_step, horizontal.out_step) <= kMostPlanes;
  }
};

}  // namespace gaps

#endif  // GAPS_KERNELS_UPFIRDN_2D_PLAN_H_
