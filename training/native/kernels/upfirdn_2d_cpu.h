// upfirdn_2d on a CPU, one row of output after the other: a vertical pass over the input's rows,
// then a horizontal one. Rows share nothing, so that any split into threads gives the same bits.

#ifndef GAPS_KERNELS_UPFIRDN_2D_CPU_H_
#define GAPS_KERNELS_UPFIRDN_2D_CPU_H_

#include <algorithm>
#include <type_traits>
#include <vector>

#include "element.h"
#include "upfirdn_2d_plan.h"

namespace gaps {

// Output rows that share what they read, where an input row has so many elements that several are
// too large for the nearest cache.
constexpr int kRowGroup = 4;
constexpr int64_t kGroupFrom = 16384;

// Writes or adds the sum over t < kCount of weights[t] * sources[t][j], for all j < n.
template <int kCount, bool kAdd, typename From, typename F>
GAPS_HD void FirOf(const From* const* sources, const F* weights, int64_t n, F* GAPS_RESTRICT to) {
  const From* source[kCount];
  F weight[kCount];
  for (int t = 0; t < kCount; ++t) {
    source[t] = sources[t];
    weight[t] = weights[t];
  }
  for (int64_t j = 0; j < n; ++j) {
    F sum = weight[0] * Load(source[0][j]);
    for (int t = 1; t < kCount; ++t) sum += weight[t] * Load(source[t][j]);
    to[j] = kAdd ? to[j] + sum : sum;
  }
}

// Any number of taps: block by block, so that the sums stay in the nearest cache.
template <bool kAdd, typename From, typename F>
GAPS_HD void FirOfMany(const From* const* sources, const F* weights, int count, int64_t n,
                       F* GAPS_RESTRICT to) {
  constexpr int64_t kBlock = 128;
  F sums[kBlock];
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t size = std::min(kBlock, n - begin);
    for (int64_t j = 0; j < size; ++j) sums[j] = kAdd ? to[begin + j] : F(0);
    for (int t = 0; t < count; ++t) {
      const From* source = sources[t] + begin;
      const F weight = weights[t];
      for (int64_t j = 0; j < size; ++j) sums[j] += weight * Load(source[j]);
    }
    for (int64_t j = 0; j < size; ++j) to[begin + j] = sums[j];
  }
}

template <bool kAdd, typename From, typename F>
GAPS_HD void Fir(const From* const* sources, const F* weights, int count, int64_t n,
                 F* GAPS_RESTRICT to) {
  switch (count) {
    case 1:
      return FirOf<1, kAdd>(sources, weights, n, to);
    case 2:
      return FirOf<2, kAdd>(sources, weights, n, to);
    case 3:
      return FirOf<3, kAdd>(sources, weights, n, to);
    case 4:
      return FirOf<4, kAdd>(sources, weights, n, to);
    default:  // 0 as well
      return FirOfMany<kAdd>(sources, weights, count, n, to);
  }
}

// kRowGroup rows at once, whose sources move on by one: that of row r and tap t is
// sources[r + kCount - 1 - t]. The sums are those of FirOf, bit by bit.
template <int kCount, typename From, typename F>
GAPS_HD void FirOfGroup(const From* const* sources, const F* weights, int64_t n,
                        F* GAPS_RESTRICT to) {
  const From* source[kCount + kRowGroup - 1];
  F weight[kCount];
  for (int i = 0; i < kCount + kRowGroup - 1; ++i) source[i] = sources[i];
  for (int t = 0; t < kCount; ++t) weight[t] = weights[t];
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC ivdep  // The rows of `to` do not overlap.
#endif
  for (int64_t j = 0; j < n; ++j) {
    for (int r = 0; r < kRowGroup; ++r) {
      F sum = weight[0] * Load(source[r + kCount - 1][j]);
      for (int t = 1; t < kCount; ++t) sum += weight[t] * Load(source[r + kCount - 1 - t][j]);
      to[r * n + j] = sum;
    }
  }
}

// planes[i % step][i / step] = row[i] for pixels i; a plane has `length` of them.
template <typename F>
GAPS_HD void Deinterleave(const F* row, int64_t width, int64_t pixel, int64_t step, int64_t length,
                          F* GAPS_RESTRICT planes) {
  if (pixel == 1 && step == 2) {
    for (int64_t j = 0; j < width / 2; ++j) {
      planes[j] = row[2 * j];
      planes[length + j] = row[2 * j + 1];
    }
    if (width % 2) planes[width / 2] = row[width - 1];
    return;
  }
  for (int64_t plane = 0; plane < step; ++plane) {
    F* to = planes + plane * length * pixel;
    for (int64_t i = plane; i < width; i += step) {
      for (int64_t c = 0; c < pixel; ++c) *to++ = row[i * pixel + c];
    }
  }
}

// The inverse.
template <typename F, typename To>
GAPS_HD void Interleave(const F* planes, int64_t width, int64_t pixel, int64_t step,
                        int64_t length, To* GAPS_RESTRICT row) {
  if (pixel == 1 && step == 2) {
    for (int64_t j = 0; j < width / 2; ++j) {
      Store(planes[j], &row[2 * j]);
      Store(planes[length + j], &row[2 * j + 1]);
    }
    if (width % 2) Store(planes[width / 2], &row[width - 1]);
    return;
  }
  for (int64_t plane = 0; plane < step; ++plane) {
    const F* from = planes + plane * length * pixel;
    for (int64_t i = plane; i < width; i += step) {
      for (int64_t c = 0; c < pixel; ++c) Store(*from++, &row[i * pixel + c]);
    }
  }
}

// A thread's memory: a group of rows between the passes, its planes, the output's planes, and an output row
// that is not of type T yet.
template <typename T, typename F>
struct Upfirdn2DScratch {
  std::vector<F> row, in_planes, out_planes, out_row;
  std::vector<const T*> vertical;
  std::vector<const F*> horizontal;

  explicit Upfirdn2DScratch(const Upfirdn2DPlan<F>& plan)
      : row(kRowGroup * plan.in_width * plan.pixel),
        in_planes(plan.in_step > 1 ? plan.in_step * plan.in_length * plan.pixel : 0),
        out_planes(plan.out_step > 1 ? plan.out_step * plan.out_length * plan.pixel : 0),
        out_row(plan.out_width * plan.pixel),
        vertical(plan.vertical.order.size() + kRowGroup),
        horizontal(plan.horizontal.order.size()) {}
};

// The horizontal pass over a row. Input and output are in planes where their steps exceed 1.
template <bool kAdd, typename T, typename F>
GAPS_HD void Horizontal(const Upfirdn2DPlan<F>& plan, const F* weights, const F* row,
                        Upfirdn2DScratch<T, F>* scratch, F* out) {
  const int64_t in_step = plan.in_step, out_step = plan.out_step, pixel = plan.pixel;
  const F** sources = scratch->horizontal.data();
  if (in_step > 1) {
    F* planes = scratch->in_planes.data();
    Deinterleave(row, plan.in_width, pixel, in_step, plan.in_length, planes);
    row = planes;
  }
  for (const Run& run : plan.runs) {
    for (int t = 0; t < run.taps.count; ++t) {
      const int64_t i = run.taps.sample - t;
      sources[t] = row + (in_step == 1 ? i : i % in_step * plan.in_length + i / in_step) * pixel;
    }
    const int64_t place =
        out_step == 1 ? run.out : run.out % out_step * plan.out_length + run.out / out_step;
    Fir<kAdd>(sources, weights + run.taps.weight, run.taps.count, run.length * pixel,
              out + place * pixel);
  }
}

// By a kernel of rank 1: one vertical and one horizontal pass.
template <typename T, typename F>
GAPS_HD void SeparableRow(const Upfirdn2DPlan<F>& plan, const Taps& taps,
                          Upfirdn2DScratch<T, F>* scratch, F* out) {
  const F* weights = plan.column.data() + taps.weight;
  if constexpr (std::is_same_v<T, F>) {
    if (taps.count == 1 && weights[0] == F(1)) {
      return Horizontal<false>(plan, plan.row.data(), scratch->vertical[0], scratch, out);
    }
  }
  F* row = scratch->row.data();
  Fir<false>(scratch->vertical.data(), weights, taps.count, plan.in_width * plan.pixel, row);
  Horizontal<false>(plan, plan.row.data(), row, scratch, out);
}

// By any kernel: the sum of a horizontal pass for each row of the kernel.
template <typename T, typename F>
GAPS_HD void GeneralRow(const Upfirdn2DPlan<F>& plan, const Taps& taps, int64_t out_size,
                        Upfirdn2DScratch<T, F>* scratch, F* out) {
  const int64_t in_size = plan.in_width * plan.pixel, kernel_width = plan.horizontal.order.size();
  F* row = scratch->row.data();
  std::fill_n(out, out_size, F(0));
  for (int t = 0; t < taps.count; ++t) {
    const T* source = scratch->vertical[t];
    for (int64_t j = 0; j < in_size; ++j) row[j] = Load(source[j]);
    Horizontal<true>(plan, plan.rows.data() + (taps.weight + t) * kernel_width, row, scratch, out);
  }
}

// Where a row goes while it is of type F: to the output itself if that is of the same type.
template <typename T, typename F>
GAPS_HD F* Unfinished(const Upfirdn2DPlan<F>& plan, Upfirdn2DScratch<T, F>* scratch, T* output) {
  if (plan.out_step > 1) return scratch->out_planes.data();
  if constexpr (std::is_same_v<T, F>) return output;
  return scratch->out_row.data();
}

template <typename T, typename F>
GAPS_HD void FinishRow(const Upfirdn2DPlan<F>& plan, const F* row, T* output) {
  if (plan.out_step > 1) {
    Interleave(row, plan.out_width, plan.pixel, plan.out_step, plan.out_length, output);
  } else if (!std::is_same_v<T, F>) {
    for (int64_t j = 0; j < plan.out_width * plan.pixel; ++j) Store(row[j], &output[j]);
  }
}

template <typename T, typename F>
GAPS_HD void OutputRow(const Upfirdn2DPlan<F>& plan, const T* image, int64_t y,
                       Upfirdn2DScratch<T, F>* scratch, T* output) {
  const Taps& taps = plan.vertical.taps[y];
  const int64_t in_size = plan.in_width * plan.pixel, out_size = plan.out_width * plan.pixel;
  if (taps.count == 0) {
    std::memset(output, 0, out_size * sizeof(T));
    return;
  }
  for (int t = 0; t < taps.count; ++t) {
    scratch->vertical[t] = image + (taps.sample - t) * in_size;
  }
  F* out = Unfinished(plan, scratch, output);
  if (plan.separable) {
    SeparableRow(plan, taps, scratch, out);
  } else {
    GeneralRow(plan, taps, plan.out_step * plan.out_length * plan.pixel, scratch, out);
  }
  FinishRow(plan, out, output);
}

// Whether the rows from y to y + kRowGroup have the same weights, on inputs that move on by one.
template <typename F>
GAPS_HD bool IsGroup(const Upfirdn2DPlan<F>& plan, int64_t y) {
  const Taps* taps = &plan.vertical.taps[y];
  if (!plan.separable || plan.in_width * plan.pixel < kGroupFrom) return false;
  if (taps[0].count < 3 || taps[0].count > 4) return false;
  for (int r = 1; r < kRowGroup; ++r) {
    if (taps[r].count != taps[0].count || taps[r].weight != taps[0].weight ||
        taps[r].sample != taps[0].sample + r) {
      return false;
    }
  }
  return true;
}

template <typename T, typename F>
GAPS_HD void OutputGroup(const Upfirdn2DPlan<F>& plan, const T* image, int64_t y,
                         Upfirdn2DScratch<T, F>* scratch, T* output) {
  const Taps& taps = plan.vertical.taps[y];
  const int64_t in_size = plan.in_width * plan.pixel, out_size = plan.out_width * plan.pixel;
  const T** sources = scratch->vertical.data();
  for (int i = 0; i < taps.count + kRowGroup - 1; ++i) {
    sources[i] = image + (taps.sample - taps.count + 1 + i) * in_size;
  }
  const F* weights = plan.column.data() + taps.weight;
  F* rows = scratch->row.data();
  if (taps.count == 3) {
    FirOfGroup<3>(sources, weights, in_size, rows);
  } else {
    FirOfGroup<4>(sources, weights, in_size, rows);
  }
  for (int r = 0; r < kRowGroup; ++r) {
    T* to = output + r * out_size;
    F* out = Unfinished(plan, scratch, to);
    Horizontal<false>(plan, plan.row.data(), rows + r * in_size, scratch, out);
    FinishRow(plan, out, to);
  }
}

// The output's rows from `begin` to `end`, counted through all images.
template <typename T, typename F>
GAPS_HD void Upfirdn2DRows(const Upfirdn2DPlan<F>& plan, const T* images, int64_t begin,
                           int64_t end, Upfirdn2DScratch<T, F>* scratch, T* output) {
  const int64_t in_size = plan.in_height * plan.in_width * plan.pixel;
  const int64_t out_size = plan.out_width * plan.pixel;
  for (int64_t i = begin; i < end;) {
    const T* image = images + i / plan.out_height * in_size;
    const int64_t y = i % plan.out_height;
    const bool enough = i + kRowGroup <= end && y + kRowGroup <= plan.out_height;
    if (enough && IsGroup(plan, y)) {
      OutputGroup(plan, image, y, scratch, output + i * out_size);
      i += kRowGroup;
    } else {
      OutputRow(plan, image, y, scratch, output + i * out_size);
      ++i;
    }
  }
}

}  // namespace gaps

#endif  // GAPS_KERNELS_UPFIRDN_2D_CPU_H_
