#pragma once
// Umbrella header: one header per concern.
#include "Parallel.h"
#include "Convolution.h"
#include "MatrixConvolution.h"
#include "Primitives.h"
