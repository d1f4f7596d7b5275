#pragma once
#include "Convolution.h"

namespace jml {

/// Whether `plain_gradients` knows a convolution: one group, whole channel blocks on both sides.
bool has_plain_gradients(const jml_convolution &c);

/// dw [kernel, kernel, in, out] and dbias [out], which may be null, by the definition, image by image and row by row: the bits of
/// the library's loops without vectors.
void plain_gradients(const jml_convolution &c, const float *x, const float *dy, float *dw, float *dbias);

}  // namespace jml
