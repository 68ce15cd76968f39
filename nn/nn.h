// All that models are made of, in one include.
#pragma once

#include "plugrad/nn/checkpoint/parameters.h"
#include "plugrad/nn/gradcheck.h"
#include "plugrad/nn/initializers.h"
#include "plugrad/nn/layers.h"
#include "plugrad/nn/optimizers.h"
#include "plugrad/nn/recurrent.h"
#include "plugrad/nn/training.h"
