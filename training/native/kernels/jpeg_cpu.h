// An image through JPEG on a CPU, and the gradient on its way back.
//
// Pixels are libjpeg's to the bit: 4:2:0 chroma, colours in 16 bits of fraction, chroma enlarged by
// the triangle filter. The gradient passes roundings of pixels as they are, and nothing where a
// number was clipped. Images share nothing, so that any number of threads gives the same bits.

#ifndef GAPS_KERNELS_JPEG_CPU_H_
#define GAPS_KERNELS_JPEG_CPU_H_

#include "jpeg_planes.h"

namespace gaps {

// The planes of an image, and memory for rows of it.
struct JpegImage {
  int64_t height, width, channels;
  std::vector<Plane> planes;                 // luma; blue and red chroma
  std::vector<int32_t> pixels;               // of a row
  std::vector<int32_t> blue[2], red[2];      // chroma of two rows, before it is halved or enlarged
  std::vector<int32_t> column_sums;          // of chroma, a sample more at each end
  std::vector<float> slope_blue, slope_red;  // gradient of a row's chroma, a sample more at each end
  std::vector<float> halved_blue, halved_red;  // gradient of chroma of half the width, all rows

  JpegImage(int64_t height, int64_t width, int64_t channels, bool has_gradient)
      : height(height), width(width), channels(channels), pixels(width * channels) {
    planes.emplace_back(height, width, has_gradient);
    if (channels == 1) return;
    for (int i = 0; i < 2; ++i) planes.emplace_back((height + 1) / 2, (width + 1) / 2, has_gradient);
    const PlaneSizes& chroma = planes[1].sizes;
    for (int i = 0; i < 2; ++i) {
      blue[i].resize(2 * chroma.stride);
      red[i].resize(2 * chroma.stride);
    }
    column_sums.resize(chroma.width + 2);
    if (!has_gradient) return;
    slope_blue.resize(2 * chroma.width + 2);
    slope_red.resize(2 * chroma.width + 2);
    halved_blue.resize(2 * chroma.height * chroma.width);
    halved_red.resize(2 * chroma.height * chroma.width);
  }
};

GAPS_HD int32_t Clipped(int32_t value) { return value < 0 ? 0 : value > 255 ? 255 : value; }

// What clipping a number to 0 ... 255 passes of a gradient: all or nothing. By its sign's bits, for
// compilers make slow loads of a condition.
GAPS_HD float Passed(int32_t value, float slope) {
  const uint32_t outside = static_cast<uint32_t>((value | (255 - value)) >> 31);
  return FloatOfBits(BitsOfFloat(slope) & ~outside);
}

GAPS_HD float Passed(float value, float slope) {
  const uint32_t signs = BitsOfFloat(value + 0.0f) | BitsOfFloat(255 - value);
  return FloatOfBits(BitsOfFloat(slope) & ((signs >> 31) - 1));
}

// The nearest whole number in 0 ... 255; halves become even.
GAPS_HD int32_t Pixel(float value) {
  const float nearest = Nearest(value), positive = nearest > 0 ? nearest : 0;
  return static_cast<int32_t>(positive < 255 ? positive : 255);
}

GAPS_HD void ReadPixels(const float* from, int64_t n, int32_t* GAPS_RESTRICT to) {
  for (int64_t i = 0; i < n; ++i) to[i] = Pixel(from[i]);
}

GAPS_HD void ReadColors(const int32_t* pixels, int64_t width, int16_t* GAPS_RESTRICT y,
                        int32_t* GAPS_RESTRICT blue, int32_t* GAPS_RESTRICT red) {
  for (int64_t x = 0; x < width; ++x) {
    const int32_t r = pixels[3 * x], g = pixels[3 * x + 1], b = pixels[3 * x + 2];
    y[x] = static_cast<int16_t>((19595 * r + 38470 * g + 7471 * b + 32768) >> 16);
    blue[x] = ((32768 * b - 11059 * r - 21709 * g + 32767) >> 16) + 128;
    red[x] = ((32768 * r - 27439 * g - 5329 * b + 32767) >> 16) + 128;
  }
}

// Means of 2x2 samples; halves are rounded down in even columns and up in odd ones.
GAPS_HD void Halve(const int32_t* top, const int32_t* bottom, int64_t width,
                   int16_t* GAPS_RESTRICT to) {
  for (int64_t x = 0; x < width; ++x) {
    const int32_t sum = top[2 * x] + top[2 * x + 1] + bottom[2 * x] + bottom[2 * x + 1];
    to[x] = static_cast<int16_t>((sum + 1 + static_cast<int32_t>(x & 1)) >> 2);
  }
}

GAPS_HD void ReadImage(const float* image, JpegImage* to) {
  Plane& luma = to->planes[0];
  const int64_t width = to->width;
  for (int64_t y = 0; y < to->height; ++y) {
    int32_t* pixels = to->pixels.data();
    int16_t* samples = luma.Row(y);
    ReadPixels(image + y * width * to->channels, width * to->channels, pixels);
    if (to->channels == 1) {
      std::copy_n(pixels, width, samples);
    } else {
      std::vector<int32_t>&blue = to->blue[y & 1], &red = to->red[y & 1];
      ReadColors(pixels, width, samples, blue.data(), red.data());
      std::fill(blue.begin() + width, blue.end(), blue[width - 1]);
      std::fill(red.begin() + width, red.end(), red[width - 1]);
      if ((y & 1) || y == to->height - 1) {
        Plane &blues = to->planes[1], &reds = to->planes[2];
        Halve(to->blue[0].data(), blue.data(), blues.sizes.stride, blues.Row(y / 2));
        Halve(to->red[0].data(), red.data(), reds.sizes.stride, reds.Row(y / 2));
      }
    }
    std::fill(samples + width, samples + luma.sizes.stride, samples[width - 1]);
  }
  for (Plane& each : to->planes) each.RepeatLastRow(each.sizes.height);
}

// The nearest row of chroma, but one, to a row of the image.
GAPS_HD int64_t SecondRow(int64_t y, int64_t height) {
  return std::clamp<int64_t>(y / 2 + (y & 1 ? 1 : -1), 0, height - 1);
}

// libjpeg takes the nearest sample in narrow images, and the triangle filter elsewhere.
GAPS_HD bool IsNarrow(const PlaneSizes& chroma) { return chroma.width <= 2; }

// A row of chroma of twice the width, less 128.
GAPS_HD void EnlargedRow(Plane* chroma, int64_t y, std::vector<int32_t>* column_sums,
                         int32_t* GAPS_RESTRICT to) {
  const int64_t width = chroma->sizes.width;
  const int16_t* nearest = chroma->Row(y / 2);
  if (IsNarrow(chroma->sizes)) {
    for (int64_t x = 0; x < 2 * width; ++x) to[x] = Clipped(nearest[x / 2]) - 128;
    return;
  }
  const int16_t* second = chroma->Row(SecondRow(y, chroma->sizes.height));
  int32_t* GAPS_RESTRICT sums = column_sums->data() + 1;
  for (int64_t x = 0; x < width; ++x) sums[x] = 3 * Clipped(nearest[x]) + Clipped(second[x]);
  sums[-1] = sums[0];
  sums[width] = sums[width - 1];
  for (int64_t x = 0; x < width; ++x) {
    to[2 * x] = ((3 * sums[x] + sums[x - 1] + 8) >> 4) - 128;
    to[2 * x + 1] = ((3 * sums[x] + sums[x + 1] + 7) >> 4) - 128;
  }
}

struct Color {
  int32_t red, green, blue;
};

// Not clipped yet; chroma less 128.
GAPS_HD Color ColorOf(int32_t y, int32_t blue, int32_t red) {
  return {y + ((91881 * red + 32768) >> 16),
          y + ((32768 - 22554 * blue - 46802 * red) >> 16),
          y + ((116130 * blue + 32768) >> 16)};
}

GAPS_HD void WriteRow(JpegImage* from, int64_t y, float* GAPS_RESTRICT to) {
  const int16_t* luma = from->planes[0].Row(y);
  if (from->channels == 1) {
    for (int64_t x = 0; x < from->width; ++x) to[x] = static_cast<float>(Clipped(luma[x]));
    return;
  }
  const int32_t *blue = from->blue[0].data(), *red = from->red[0].data();
  EnlargedRow(&from->planes[1], y, &from->column_sums, from->blue[0].data());
  EnlargedRow(&from->planes[2], y, &from->column_sums, from->red[0].data());
  for (int64_t x = 0; x < from->width; ++x) {
    const Color color = ColorOf(Clipped(luma[x]), blue[x], red[x]);
    to[3 * x] = static_cast<float>(Clipped(color.red));
    to[3 * x + 1] = static_cast<float>(Clipped(color.green));
    to[3 * x + 2] = static_cast<float>(Clipped(color.blue));
  }
}

// The pixels that a decoder makes of an image; `steps` are [planes' tables, kBlockSize].
GAPS_HD void JpegPixels(const float* image, const int32_t* steps, JpegImage* memory,
                        float* output) {
  ReadImage(image, memory);
  for (size_t i = 0; i < memory->planes.size(); ++i) {
    CodePlane<false>(steps + (i > 0 ? kBlockSize : 0), &memory->planes[i]);
  }
  const int64_t row = memory->width * memory->channels;
  for (int64_t y = 0; y < memory->height; ++y) WriteRow(memory, y, output + y * row);
}

}  // namespace gaps

#endif  // GAPS_KERNELS_JPEG_CPU_H_
