/// @file
/// Into how many shards a run's steps are cut.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bert/training/resumable.hpp"
#include "parallel/world.hpp"

namespace gradus::app {

/// What --shards says; else what the run had that is resumed; else `usual`, or one for each rank if that is
/// more. @throws WrongCall when the ranks cannot share them.
int64_t shards_of(int64_t said, int64_t usual, const std::optional<bert::Resumable>& found,
                  const parallel::World& world);

/// @throws WrongCall when a step of so many rows, as the options `said_by` have it, has fewer than the
/// shards.
void check_rows_of_step(int64_t rows, int64_t shards, const std::string& said_by,
                        const parallel::World& world);

/// A sentence about a run on several ranks.
std::string about_ranks(const parallel::World& world, int64_t shards);

}  // namespace gradus::app
