#pragma once
// The numbers between which an activation keeps a sum, for the kernels that add and the epilogues that do the same. Batch
// norm has infinite ones (Normalization.hpp).
#include "Primitives.h"

namespace jml {

inline float sum_floor(int activation) { return activation == jml_activation_none ? -3.4e38f : 0.0f; }

inline float sum_ceiling(int activation) { return activation == jml_activation_relu6 ? 6.0f : 3.4e38f; }

}  // namespace jml
