#pragma once
// Umbrella header: one header per concern.
#include "Evaluation.h"
#include "Parallel.h"
