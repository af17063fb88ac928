/// @file
/// The part of a report that shows how the model learned to fill gaps.
#pragma once

#include <string>
#include <vector>

#include "bert/report/report.hpp"

namespace gradus::bert::detail {

/// The samples as HTML: each sentence with numbered gaps, and for each gap its fillings at up to six
/// moments, the first and the last among them. @throws IndexError when a blank is outside its sentence.
std::string render_samples(const std::vector<SampleSentence>& samples);

}  // namespace gradus::bert::detail
