// The gradient of `JpegPixels`: each step of it the other way round.

#ifndef GAPS_KERNELS_JPEG_GRADIENT_CPU_H_
#define GAPS_KERNELS_JPEG_GRADIENT_CPU_H_

#include "jpeg_cpu.h"

namespace gaps {

// The gradient of a row of chroma of twice the width, with a sample more at each end, which this
// sets, to that of the samples; not yet divided by 4.
GAPS_HD void HalveSlopes(bool is_narrow, int64_t width, float* GAPS_RESTRICT from,
                         float* GAPS_RESTRICT to) {
  float* slopes = from + 1;
  if (is_narrow) {
    for (int64_t x = 0; x < width; ++x) to[x] = 4 * (slopes[2 * x] + slopes[2 * x + 1]);
    return;
  }
  slopes[-1] = slopes[0];
  slopes[2 * width] = slopes[2 * width - 1];
  for (int64_t x = 0; x < width; ++x) {
    to[x] = 3 * (slopes[2 * x] + slopes[2 * x + 1]) + slopes[2 * x - 1] + slopes[2 * x + 2];
  }
}

// From the pixels of a row to its luma and its chroma of half the width.
GAPS_HD void DifferentiateColors(const float* upstream, int64_t y, JpegImage* image) {
  const int64_t width = image->width, chroma_width = image->planes[1].sizes.width;
  EnlargedRow(&image->planes[1], y, &image->column_sums, image->blue[0].data());
  EnlargedRow(&image->planes[2], y, &image->column_sums, image->red[0].data());
  const int16_t* luma = image->planes[0].Row(y);
  const int32_t *blue = image->blue[0].data(), *red = image->red[0].data();
  float* GAPS_RESTRICT to_luma = image->planes[0].GradientRow(y);
  float* GAPS_RESTRICT to_blue = image->slope_blue.data() + 1;
  float* GAPS_RESTRICT to_red = image->slope_red.data() + 1;
  to_blue[2 * chroma_width - 1] = to_red[2 * chroma_width - 1] = 0;  // not of the image if odd
  for (int64_t x = 0; x < width; ++x) {
    const Color color = ColorOf(Clipped(luma[x]), blue[x], red[x]);
    const float r = Passed(color.red, upstream[3 * x]);
    const float g = Passed(color.green, upstream[3 * x + 1]);
    const float b = Passed(color.blue, upstream[3 * x + 2]);
    to_luma[x] = Passed(int32_t{luma[x]}, r + g + b);
    to_blue[x] = 1.772f * b - 0.344136286f * g;
    to_red[x] = 1.402f * r - 0.714136286f * g;
  }
  const bool is_narrow = IsNarrow(image->planes[1].sizes);
  HalveSlopes(is_narrow, chroma_width, image->slope_blue.data(),
              image->halved_blue.data() + y * chroma_width);
  HalveSlopes(is_narrow, chroma_width, image->slope_red.data(),
              image->halved_red.data() + y * chroma_width);
}

// From chroma of half the width and all rows to its samples.
GAPS_HD void DifferentiateChroma(const std::vector<float>& halved, Plane* chroma) {
  const int64_t width = chroma->sizes.width, height = chroma->sizes.height;
  const float near = IsNarrow(chroma->sizes) ? 0.25f : 0.1875f, far = 0.25f - near;
  for (int64_t y = 0; y < height; ++y) {
    const float *above = halved.data() + std::max<int64_t>(2 * y - 1, 0) * width;
    const float *first = halved.data() + 2 * y * width, *second = first + width;
    const float *below = halved.data() + std::min(2 * y + 2, 2 * height - 1) * width;
    const int16_t* samples = chroma->Row(y);
    float* GAPS_RESTRICT to = chroma->GradientRow(y);
    for (int64_t x = 0; x < width; ++x) {
      const float slope = near * (first[x] + second[x]) + far * (above[x] + below[x]);
      to[x] = Passed(int32_t{samples[x]}, slope);
    }
  }
}

GAPS_HD void DifferentiatePixels(const float* upstream, JpegImage* image) {
  for (Plane& each : image->planes) std::fill(each.gradient.begin(), each.gradient.end(), 0.0f);
  Plane& luma = image->planes[0];
  for (int64_t y = 0; y < image->height; ++y) {
    const float* row = upstream + y * image->width * image->channels;
    if (image->channels == 3) {
      DifferentiateColors(row, y, image);
      continue;
    }
    float* GAPS_RESTRICT to = luma.GradientRow(y);
    const int16_t* samples = luma.Row(y);
    for (int64_t x = 0; x < image->width; ++x) to[x] = Passed(int32_t{samples[x]}, row[x]);
  }
  if (image->channels == 1) return;
  if (image->height % 2) {  // no pixels have the chroma's last row
    const int64_t width = image->planes[1].sizes.width;
    std::fill_n(image->halved_blue.end() - width, width, 0.0f);
    std::fill_n(image->halved_red.end() - width, width, 0.0f);
  }
  DifferentiateChroma(image->halved_blue, &image->planes[1]);
  DifferentiateChroma(image->halved_red, &image->planes[2]);
}

// Adds to a plane's last row and column what its blocks repeat of them: chroma repeats columns of
// the image, before it is halved.
GAPS_HD void AddRepeated(Plane* plane) {
  const PlaneSizes& sizes = plane->sizes;
  float* GAPS_RESTRICT last = plane->GradientRow(sizes.height - 1);
  for (int64_t y = sizes.height; y < sizes.blocks_high * kBlock; ++y) {
    const float* repeated = plane->GradientRow(y);
    for (int64_t x = 0; x < sizes.stride; ++x) last[x] += repeated[x];
  }
}

GAPS_HD float SumFrom(const float* row, int64_t begin, int64_t end) {
  float sum = 0;
  for (int64_t x = begin; x < end; ++x) sum += row[x];
  return sum;
}

// The gradient of a row of pixels from those of its luma and chroma.
GAPS_HD void WriteColorSlopes(const float* pixels, int64_t y, JpegImage* image,
                              float* GAPS_RESTRICT to) {
  const int64_t width = image->width, stride = image->planes[1].sizes.stride;
  const bool is_twice = image->height % 2 && y == image->height - 1;
  const float share = is_twice ? 0.5f : 0.25f;
  const float *blue = image->planes[1].GradientRow(y / 2), *red = image->planes[2].GradientRow(y / 2);
  float* luma = image->planes[0].GradientRow(y);
  float* GAPS_RESTRICT blues = image->slope_blue.data();
  float* GAPS_RESTRICT reds = image->slope_red.data();
  for (int64_t x = 0; x < (width + 1) / 2; ++x) {
    blues[2 * x] = blues[2 * x + 1] = share * blue[x];
    reds[2 * x] = reds[2 * x + 1] = share * red[x];
  }
  // Columns after the last repeat it: one if their number is odd, and those of the samples beyond.
  const int64_t samples = (width + 1) / 2;
  blues[width - 1] += share * ((width % 2) * blue[samples - 1] + 2 * SumFrom(blue, samples, stride));
  reds[width - 1] += share * ((width % 2) * red[samples - 1] + 2 * SumFrom(red, samples, stride));
  for (int64_t x = 0; x < width; ++x) {
    const float r = 0.299f * luma[x] - 0.168735892f * blues[x] + 0.5f * reds[x];
    const float g = 0.587f * luma[x] - 0.331264108f * blues[x] - 0.418687589f * reds[x];
    const float b = 0.114f * luma[x] + 0.5f * blues[x] - 0.081312411f * reds[x];
    to[3 * x] = Passed(pixels[3 * x], r);
    to[3 * x + 1] = Passed(pixels[3 * x + 1], g);
    to[3 * x + 2] = Passed(pixels[3 * x + 2], b);
  }
}

// The gradient of an image, from that of its decoded pixels.
GAPS_HD void JpegGradient(const float* image, const int32_t* steps, const float* upstream,
                          JpegImage* memory, float* output) {
  ReadImage(image, memory);
  for (size_t i = 0; i < memory->planes.size(); ++i) {
    CodePlane<true>(steps + (i > 0 ? kBlockSize : 0), &memory->planes[i]);
  }
  DifferentiatePixels(upstream, memory);
  for (Plane& each : memory->planes) {
    DifferentiatePlane(&each);
    AddRepeated(&each);
  }
  const int64_t width = memory->width;
  for (int64_t y = 0; y < memory->height; ++y) {
    const int64_t at = y * width * memory->channels;
    float* luma = memory->planes[0].GradientRow(y);
    luma[width - 1] += SumFrom(luma, width, memory->planes[0].sizes.stride);
    if (memory->channels == 3) {
      WriteColorSlopes(image + at, y, memory, output + at);
      continue;
    }
    for (int64_t x = 0; x < width; ++x) output[at + x] = Passed(image[at + x], luma[x]);
  }
}

}  // namespace gaps

#endif  // GAPS_KERNELS_JPEG_GRADIENT_CPU_H_
