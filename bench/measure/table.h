// How benches sum up what they measured, and print it: a line about the machine, and one Markdown
// row per claim, which bench/run collects from all of them.
#pragma once

#include <string>
#include <vector>

namespace tidemill::bench {

double median(std::vector<double> values);

/// "12.3 (11.8 to 14.0)": the median, and what it lies between. `digits` behind the point.
std::string spread(const std::vector<double>& values, int digits = 1);

/// Cores, rounds and the load that others put on the machine as the bench begins.
void print_machine(int rounds);

/// Prints `| claim | goal | measured | holds |` on a line of its own and answers `holds`.
bool print_claim(const std::string& claim, const std::string& goal, const std::string& measured,
                 bool holds);

/// The value of `--rounds N` among the arguments, else `otherwise`; at least 1.
int rounds_option(int argc, char** argv, int otherwise);

}  // namespace tidemill::bench
