/// @file
/// The clinic: what is known of a patient when it comes in: its log, what the clinic's own test says, what it
/// puts into gaps, its weights, and a page with curves and maps.
#pragma once

#include <filesystem>
#include <string>

#include "patient.hpp"

namespace gradus::tutorials::clinic {

/// The chart of a patient as text.
std::string chart_of(const Patient& patient);

/// Writes report.html, curves.svg and attention.svg into `folder`, which is made if it is not there; the page
/// begins with `title` and `subtitle`. @throws IoError
void draw_chart(const Patient& patient, const std::string& title, const std::string& subtitle,
                const std::filesystem::path& folder);

}  // namespace gradus::tutorials::clinic
