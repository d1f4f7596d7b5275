#pragma once
// Umbrella header: one header per concern.
#include "Evaluation.h"
#include "Parallel.h"
#include "Convolution.h"
#include "MatrixConvolution.h"
#include "Primitives.h"
