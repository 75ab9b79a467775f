// JPEG's 8x8 blocks on a CPU, kLanes at a time: cosine transforms, and the rounding of coefficients.
//
// The transform is that of Loeffler, Ligtenberg & Moschytz 1989, "Practical fast 1-D DCT algorithms
// with 11 multiplications". In int32 it has the constants and roundings of libjpeg's accurate
// integer method ("islow"): 13 bits of fraction, and 2 bits kept between the passes. In float it has
// neither, for gradients.

#ifndef GAPS_KERNELS_JPEG_BLOCKS_H_
#define GAPS_KERNELS_JPEG_BLOCKS_H_

#include <algorithm>
#include <type_traits>

#include "element.h"

namespace gaps {

constexpr int kBlock = 8, kBlockSize = kBlock * kBlock;
constexpr int kLanes = 16;

// value[row * kBlock + column][block]; all of them in a row, where each is treated alike.
template <typename T>
struct BlockGroup {
  alignas(64) T value[kBlockSize][kLanes];

  T* data() { return value[0]; }
  const T* data() const { return value[0]; }
};

constexpr int kGroupSize = kBlockSize * kLanes;

template <typename T>
constexpr T Fixed(double number) {
  return std::is_integral_v<T> ? static_cast<T>(number * 8192 + 0.5) : static_cast<T>(number);
}

// Rounds a number with kBits of fraction; halves go up. Floats are whole as they are.
template <int kBits, typename T>
GAPS_HD T Descale(T number) {
  if constexpr (std::is_integral_v<T>) return (number + (T(1) << (kBits - 1))) >> kBits;
  return number;
}

// Eight samples, kStride apart, to coefficients; those of the last pass are 8 times orthonormal.
template <int kBits, int kStride, typename T>
GAPS_HD void Forward8(T (*GAPS_RESTRICT at)[kLanes]) {
  for (int i = 0; i < kLanes; ++i) {
    const T sum0 = at[0][i] + at[7 * kStride][i], difference0 = at[0][i] - at[7 * kStride][i];
    const T sum1 = at[kStride][i] + at[6 * kStride][i];
    const T difference1 = at[kStride][i] - at[6 * kStride][i];
    const T sum2 = at[2 * kStride][i] + at[5 * kStride][i];
    const T difference2 = at[2 * kStride][i] - at[5 * kStride][i];
    const T sum3 = at[3 * kStride][i] + at[4 * kStride][i];
    const T difference3 = at[3 * kStride][i] - at[4 * kStride][i];

    const T outer = sum0 - sum3, inner = sum1 - sum2;
    const T total = sum0 + sum3 + sum1 + sum2, crossed = sum0 + sum3 - sum1 - sum2;
    const T even = (inner + outer) * Fixed<T>(0.541196100);
    at[0][i] = Descale<kBits>(total * Fixed<T>(1));
    at[4 * kStride][i] = Descale<kBits>(crossed * Fixed<T>(1));
    at[2 * kStride][i] = Descale<kBits>(even + outer * Fixed<T>(0.765366865));
    at[6 * kStride][i] = Descale<kBits>(even - inner * Fixed<T>(1.847759065));

    const T a = difference3 + difference1, b = difference2 + difference0;
    const T odd = (a + b) * Fixed<T>(1.175875602);
    const T c = (difference3 + difference0) * Fixed<T>(0.899976223);
    const T d = (difference2 + difference1) * Fixed<T>(2.562915447);
    const T e = odd - a * Fixed<T>(1.961570560), f = odd - b * Fixed<T>(0.390180644);
    at[7 * kStride][i] = Descale<kBits>(difference3 * Fixed<T>(0.298631336) - c + e);
    at[5 * kStride][i] = Descale<kBits>(difference2 * Fixed<T>(2.053119869) - d + f);
    at[3 * kStride][i] = Descale<kBits>(difference1 * Fixed<T>(3.072711026) - d + e);
    at[kStride][i] = Descale<kBits>(difference0 * Fixed<T>(1.501321110) - c + f);
  }
}

// Eight coefficients, kStride apart, to samples; in float, those of the last pass are 8 times
// orthonormal.
template <int kBits, int kStride, typename T>
GAPS_HD void Inverse8(T (*GAPS_RESTRICT at)[kLanes]) {
  for (int i = 0; i < kLanes; ++i) {
    const T in2 = at[2 * kStride][i], in6 = at[6 * kStride][i];
    const T even = (in2 + in6) * Fixed<T>(0.541196100);
    const T inner = even - in6 * Fixed<T>(1.847759065), outer = even + in2 * Fixed<T>(0.765366865);
    const T total = (at[0][i] + at[4 * kStride][i]) * Fixed<T>(1);
    const T crossed = (at[0][i] - at[4 * kStride][i]) * Fixed<T>(1);
    const T even0 = total + outer, even3 = total - outer;
    const T even1 = crossed + inner, even2 = crossed - inner;

    const T in1 = at[kStride][i], in3 = at[3 * kStride][i];
    const T in5 = at[5 * kStride][i], in7 = at[7 * kStride][i];
    const T a = in7 + in3, b = in5 + in1;
    const T odd = (a + b) * Fixed<T>(1.175875602);
    const T c = (in7 + in1) * Fixed<T>(0.899976223), d = (in5 + in3) * Fixed<T>(2.562915447);
    const T e = odd - a * Fixed<T>(1.961570560), f = odd - b * Fixed<T>(0.390180644);
    const T odd3 = in7 * Fixed<T>(0.298631336) - c + e;
    const T odd2 = in5 * Fixed<T>(2.053119869) - d + f;
    const T odd1 = in3 * Fixed<T>(3.072711026) - d + e;
    const T odd0 = in1 * Fixed<T>(1.501321110) - c + f;

    at[0][i] = Descale<kBits>(even0 + odd0);
    at[7 * kStride][i] = Descale<kBits>(even0 - odd0);
    at[kStride][i] = Descale<kBits>(even1 + odd1);
    at[6 * kStride][i] = Descale<kBits>(even1 - odd1);
    at[2 * kStride][i] = Descale<kBits>(even2 + odd2);
    at[5 * kStride][i] = Descale<kBits>(even2 - odd2);
    at[3 * kStride][i] = Descale<kBits>(even3 + odd3);
    at[4 * kStride][i] = Descale<kBits>(even3 - odd3);
  }
}

// Samples to 8 times their coefficients; rows first, as in libjpeg.
template <typename T>
GAPS_HD void Forward(BlockGroup<T>* blocks) {
  for (int row = 0; row < kBlock; ++row) Forward8<11, 1>(&blocks->value[row * kBlock]);
  for (int column = 0; column < kBlock; ++column) Forward8<15, kBlock>(&blocks->value[column]);
}

// Coefficients to samples, in float to 8 times these; columns first, as in libjpeg.
template <typename T>
GAPS_HD void Inverse(BlockGroup<T>* blocks) {
  for (int column = 0; column < kBlock; ++column) Inverse8<11, kBlock>(&blocks->value[column]);
  for (int row = 0; row < kBlock; ++row) Inverse8<18, 1>(&blocks->value[row * kBlock]);
}

// A quantization table, its numbers repeated for each block.
struct Steps {
  BlockGroup<int32_t> steps;
  BlockGroup<float> inverses;  // 1 / (8 * step)

  explicit Steps(const int32_t* table) {
    for (int k = 0; k < kBlockSize; ++k) {
      std::fill_n(steps.value[k], kLanes, table[k]);
      std::fill_n(inverses.value[k], kLanes, 0.125f / table[k]);
    }
  }
};

// 8 times the coefficients to what a decoder reads of them: the nearest multiples of the steps,
// halves away from 0.
GAPS_HD void Quantize(const Steps& table, BlockGroup<int32_t>* blocks) {
  const int32_t* steps = table.steps.data();
  const float* inverses = table.inverses.data();
  int32_t* GAPS_RESTRICT values = blocks->data();
  for (int i = 0; i < kGroupSize; ++i) {
    const int32_t sign = values[i] >> 31, size = (values[i] ^ sign) - sign;
    // Whole numbers below 2^15: with a half added, no error of a float reaches the next quotient.
    const float raised = static_cast<float>(size + 4 * steps[i]) + 0.5f;
    const int32_t quotient = static_cast<int32_t>(raised * inverses[i]);
    values[i] = ((quotient ^ sign) - sign) * steps[i];
  }
}

// The nearest whole number to a number below 2^22; halves become even.
GAPS_HD float Nearest(float value) {
  return (value + 0x1.8p23f) - 0x1.8p23f;  // in the sum, the last bit is worth 1
}

// 8 times the coefficients to the derivative of round(x) + (x - round(x))^3, where x is a
// coefficient divided by its step.
GAPS_HD void SlopesOfRounding(const Steps& table, BlockGroup<float>* blocks) {
  const float* inverses = table.inverses.data();
  float* GAPS_RESTRICT values = blocks->data();
  for (int i = 0; i < kGroupSize; ++i) {
    const float x = values[i] * inverses[i], rest = x - Nearest(x);
    values[i] = 3 * rest * rest;
  }
}

}  // namespace gaps

#endif  // GAPS_KERNELS_JPEG_BLOCKS_H_
