#pragma once
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/// What class scores say of every pixel, tile by tile of pixels. x: [batch, classes, pixels], logits, or with
/// `probabilities` what their softmax would be, which is not written anywhere.
///
/// - labels: [batch, pixels], the class of the greatest probability, the first of equals.
/// - confidence: [batch, pixels], that probability.
/// - entropy: [batch, pixels], -sum p log p over the classes in their order, in nats.
void jml_class_summary(long batch, long classes, long pixels, int probabilities, const float *x, uint8_t *labels,
                       float *confidence, float *entropy);

#ifdef __cplusplus
}
#endif
