#pragma once
// Umbrella header: one header per concern.
#include "Parallel.h"
