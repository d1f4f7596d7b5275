#include "ClassSummary.h"

#include <cmath>
#include <vector>

#include "Parallel.h"
#include "SoftmaxTile.hpp"

namespace {

/// Labels, confidence and entropy of `count` pixels, whose planes of probabilities lie `pitch` floats apart.
///
/// For the baseline instruction set: a fused multiply-add would round the entropy otherwise.
void summarize(long classes, long count, const float *p, long pitch, uint8_t *labels, float *confidence, float *entropy) {
  std::fill(labels, labels + count, uint8_t(0));
  std::fill(confidence, confidence + count, -1.0f);
  std::fill(entropy, entropy + count, 0.0f);
  for (long c = 0; c < classes; ++c) {
    const float *plane = p + c * pitch;
    for (long i = 0; i < count; ++i) {
      const float value = plane[i];
      if (value > confidence[i]) {
        confidence[i] = value;
        labels[i] = uint8_t(c);
      }
      if (value > 0) entropy[i] -= value * std::log(value);
    }
  }
}

}  // namespace

void jml_class_summary(long batch, long classes, long pixels, int probabilities, const float *x, uint8_t *labels,
                       float *confidence, float *entropy) {
  constexpr long most = jml::softmax_pixels;
  const long tiles = (pixels + most - 1) / most;
  jml::parallel_for(batch * tiles, 1, [&](long first, long last) {
    std::vector<float> own(probabilities ? 0 : classes * most);
    for (long item = first; item < last; ++item) {
      const long image = item / tiles, start = item % tiles * most, count = std::min(most, pixels - start);
      const float *p = x + image * classes * pixels + start;
      long pitch = pixels;
      if (!probabilities) {
        jml::softmax_tile(classes, count, p, pixels, own.data(), most);
        p = own.data();
        pitch = most;
      }
      const long at = image * pixels + start;
      summarize(classes, count, p, pitch, labels + at, confidence + at, entropy + at);
    }
  });
}
