// Elements as they lie in memory, read and written in the type that they are computed in.
// The conversions are free of branches and of library calls, so that loops of them vectorise.

#ifndef GAPS_KERNELS_ELEMENT_H_
#define GAPS_KERNELS_ELEMENT_H_

#include "common.h"

// One function for each instruction set, chosen when the library is loaded. The attribute needs
// GCC on x86-64 with GNU's C library; elsewhere the compiler's flags decide.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__gnu_linux__) && \
    __GNUC__ >= 12
#define GAPS_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define GAPS_CLONES
#endif

#if defined(__GNUC__)
#define GAPS_RESTRICT __restrict__
#elif defined(_MSC_VER)
#define GAPS_RESTRICT __restrict
#else
#define GAPS_RESTRICT
#endif

namespace gaps {

struct Half {
  uint16_t bits;
};

struct BFloat16 {
  uint16_t bits;
};

GAPS_HD float FloatOfBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

GAPS_HD uint32_t BitsOfFloat(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

GAPS_HD float Load(float value) { return value; }
GAPS_HD double Load(double value) { return value; }
GAPS_HD float Load(BFloat16 value) { return FloatOfBits(uint32_t{value.bits} << 16); }

GAPS_HD float Load(Half value) {
  const uint32_t sign = (value.bits & 0x8000u) << 16, rest = (value.bits & 0x7fffu) << 13;
  // Exponents: half's are 112 less than float's. Infinity and NaN must reach the top of the range.
  const uint32_t wide = rest + ((rest >= 0x0f800000u ? 224u : 112u) << 23);
  // Below the normal numbers: 2^-14 * (1 + fraction) - 2^-14; nothing here is subnormal in float,
  // which TensorFlow's threads would flush to 0.
  const float small = FloatOfBits(rest + (113u << 23)) - FloatOfBits(113u << 23);
  return FloatOfBits(sign | (rest < 0x00800000u ? BitsOfFloat(small) : wide));
}

GAPS_HD void Store(float value, float* to) { *to = value; }
GAPS_HD void Store(double value, double* to) { *to = value; }

GAPS_HD void Store(float value, BFloat16* to) {  // to nearest, ties to even
  const uint32_t bits = BitsOfFloat(value);
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const bool nan = (bits & 0x7fffffffu) > 0x7f800000u;
  to->bits = static_cast<uint16_t>(nan ? (bits >> 16) | 0x40u : rounded);
}

GAPS_HD void Store(float value, Half* to) {  // to nearest, ties to even
  const uint32_t bits = BitsOfFloat(value), sign = bits & 0x80000000u, size = bits ^ sign;
  const uint32_t normal = (size - (112u << 23) + 0x0fffu + ((size >> 13) & 1u)) >> 13;
  // Adding 0.5 leaves float's last bits worth half's smallest number, 2^-24.
  const uint32_t small = BitsOfFloat(FloatOfBits(size) + 0.5f) - BitsOfFloat(0.5f);
  uint32_t result = size < (113u << 23) ? small : normal;
  result = size >= 0x477ff000u ? 0x7c00u : result;  // from 65520 on, infinity
  result = size > 0x7f800000u ? 0x7e00u : result;   // NaN
  to->bits = static_cast<uint16_t>(result | (sign >> 16));
}

// The type in which sums of T's are taken.
template <typename T>
struct Accumulator {
  using type = float;
};

template <>
struct Accumulator<double> {
  using type = double;
};

}  // namespace gaps

#endif  // GAPS_KERNELS_ELEMENT_H_
