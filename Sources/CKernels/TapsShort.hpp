#pragma once
#include "Convolution.h"
#include "Epilogue.hpp"

namespace jml::taps {

/// y = x * w, finished by `epilogue` panel by panel, or dx = dy * w^T when `backward`, with operands in bfloat16.
void run_short(
    const jml_convolution &c, const float *x, const float *w, float *y, bool backward, const Epilogue &epilogue);

/// dw from x and dy, with operands in bfloat16.
void run_short_weights(const jml_convolution &c, const float *x, const float *dy, float *dw);

}  // namespace jml::taps
