#pragma once
// Umbrella header: one header per concern.
#include "LabelTransforms.h"
#include "LossHead.h"
#include "LossPlain.h"
#include "Parallel.h"
