/// @file
/// All of gradus::nn in one include.
#pragma once

#include "nn/arena.hpp"
#include "nn/attention_mask.hpp"
#include "nn/attention_score.hpp"
#include "nn/dropout.hpp"
#include "nn/embedding.hpp"
#include "nn/encoder.hpp"
#include "nn/feed_forward.hpp"
#include "nn/gradcheck.hpp"
#include "nn/init.hpp"
#include "nn/layer_norm.hpp"
#include "nn/linear.hpp"
#include "nn/module.hpp"
#include "nn/multi_head.hpp"
#include "nn/optimizer.hpp"
#include "nn/pooling.hpp"
#include "nn/positional.hpp"
#include "nn/residual.hpp"
#include "nn/safetensors.hpp"
#include "nn/schedule.hpp"
#include "nn/single_head.hpp"
