#pragma once
// Umbrella header: one header per concern.
#include "ClasswiseCalibration.h"
#include "Convolution.h"
#include "Evaluation.h"
#include "LabelTransforms.h"
#include "LossHead.h"
#include "LossPlain.h"
#include "MatrixConvolution.h"
#include "Optimizer.h"
#include "Parallel.h"
#include "Primitives.h"
#include "Relation.h"
#include "Tokens.h"
