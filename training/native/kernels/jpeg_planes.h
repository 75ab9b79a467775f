// The planes of a JPEG image on a CPU: luma, and for colour images chroma of half the size.

#ifndef GAPS_KERNELS_JPEG_PLANES_H_
#define GAPS_KERNELS_JPEG_PLANES_H_

#include <vector>

#include "jpeg_blocks.h"

namespace gaps {

// Samples [blocks_high * kBlock, stride], of which those beyond height and width fill blocks.
struct PlaneSizes {
  int64_t height, width, blocks_high, blocks_wide, stride;

  PlaneSizes(int64_t height, int64_t width)
      : height(height),
        width(width),
        blocks_high((height + kBlock - 1) / kBlock),
        blocks_wide((width + kBlock - 1) / kBlock),
        stride(blocks_wide * kBlock) {}

  int64_t blocks() const { return blocks_high * blocks_wide; }
  int64_t groups() const { return (blocks() + kLanes - 1) / kLanes; }
  int64_t samples() const { return blocks_high * kBlock * stride; }

  int64_t StartOf(int64_t block) const {
    return block / blocks_wide * kBlock * stride + block % blocks_wide * kBlock;
  }
};

// A group of blocks from a plane to lanes, in the order of rows and of blocks in them.
template <typename From, typename T>
GAPS_HD void Gather(const PlaneSizes& sizes, const From* plane, int64_t group, T offset,
                    BlockGroup<T>* to) {
  const int64_t first = group * kLanes, count = std::min<int64_t>(kLanes, sizes.blocks() - first);
  if (count < kLanes) *to = {};
  for (int lane = 0; lane < count; ++lane) {
    const From* from = plane + sizes.StartOf(first + lane);
    for (int y = 0; y < kBlock; ++y) {
      for (int x = 0; x < kBlock; ++x) {
        to->value[y * kBlock + x][lane] = static_cast<T>(from[y * sizes.stride + x]) + offset;
      }
    }
  }
}

// The inverse.
template <typename T, typename To>
GAPS_HD void Scatter(const PlaneSizes& sizes, const BlockGroup<T>& from, int64_t group, T offset,
                     To* plane) {
  const int64_t first = group * kLanes, count = std::min<int64_t>(kLanes, sizes.blocks() - first);
  for (int lane = 0; lane < count; ++lane) {
    To* to = plane + sizes.StartOf(first + lane);
    for (int y = 0; y < kBlock; ++y) {
      for (int x = 0; x < kBlock; ++x) {
        to[y * sizes.stride + x] = static_cast<To>(from.value[y * kBlock + x][lane] + offset);
      }
    }
  }
}

// A plane, and what its gradient needs; the latter empty where there is none.
struct Plane {
  PlaneSizes sizes;
  std::vector<int16_t> samples;  // once decoded, not clipped yet
  std::vector<BlockGroup<float>> slopes;
  std::vector<float> gradient;

  Plane(int64_t height, int64_t width, bool has_gradient)
      : sizes(height, width),
        samples(sizes.samples()),
        slopes(has_gradient ? sizes.groups() : 0),
        gradient(has_gradient ? sizes.samples() : 0) {}

  int16_t* Row(int64_t y) { return samples.data() + y * sizes.stride; }
  float* GradientRow(int64_t y) { return gradient.data() + y * sizes.stride; }

  // Fills the blocks below with the last row of `rows`.
  void RepeatLastRow(int64_t rows) {
    const int16_t* last = Row(rows - 1);
    for (int64_t y = rows; y < sizes.blocks_high * kBlock; ++y) {
      std::copy_n(last, sizes.stride, Row(y));
    }
  }
};

// Samples to what a decoder makes of them.
template <bool kSlopes>
GAPS_HD void CodePlane(const int32_t* table, Plane* plane) {
  const Steps steps(table);
  BlockGroup<int32_t> blocks;
  for (int64_t group = 0; group < plane->sizes.groups(); ++group) {
    Gather<int16_t, int32_t>(plane->sizes, plane->samples.data(), group, -128, &blocks);
    if constexpr (kSlopes) {
      BlockGroup<float>& slopes = plane->slopes[group];
      std::copy_n(blocks.data(), kGroupSize, slopes.data());
      Forward(&slopes);
      SlopesOfRounding(steps, &slopes);
    }
    Forward(&blocks);
    Quantize(steps, &blocks);
    Inverse(&blocks);
    Scatter<int32_t, int16_t>(plane->sizes, blocks, group, 128, plane->samples.data());
  }
}

// The gradient of the decoded samples to that of the samples. The steps cancel out.
GAPS_HD void DifferentiatePlane(Plane* plane) {
  BlockGroup<float> blocks;
  for (int64_t group = 0; group < plane->sizes.groups(); ++group) {
    Gather<float, float>(plane->sizes, plane->gradient.data(), group, 0, &blocks);
    Forward(&blocks);
    const float* slopes = plane->slopes[group].data();
    float* GAPS_RESTRICT values = blocks.data();
    for (int i = 0; i < kGroupSize; ++i) values[i] *= slopes[i] * 0x1p-6f;
    Inverse(&blocks);
    Scatter<float, float>(plane->sizes, blocks, group, 0, plane->gradient.data());
  }
}

}  // namespace gaps

#endif  // GAPS_KERNELS_JPEG_PLANES_H_
