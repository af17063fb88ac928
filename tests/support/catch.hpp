// The one place that knows which Catch2 this is: Debian 12 ships version 2, newer systems version 3.
#pragma once

#ifdef GRADUS_CATCH2_V3
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif
