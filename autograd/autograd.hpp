/// @file
/// All of gradus::autograd in one include.
#pragma once

#include "autograd/engine.hpp"
#include "autograd/error.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/gradcheck.hpp"
#include "autograd/module_scope.hpp"
#include "autograd/node.hpp"
#include "autograd/npy.hpp"
#include "autograd/ops.hpp"
#include "autograd/random.hpp"
#include "autograd/tensor.hpp"
#include "autograd/threads.hpp"
