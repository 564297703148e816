// Expectations: does what happened fit what a case says, and where does it not? Pure.
//
// Of a mapping only the keys that are written are compared; a list is compared whole and in order.
// Text that is not quoted fits text, numbers and the like that read the same. A mapping with one
// key of these asks for something else:
//
//     $like: "cannot *"     text in which * stands for anything
//     $contains: parse      text with this in it
//     $count: 3             a list of so many
//     $unordered: [...]     a list in any order
//     $exact: {...}         this, and no other keys, all the way down
//     $absent: true         the key is not there
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "core/config/node.h"
#include "core/config/problems.h"

namespace tidemill::rehearsal {

/// The keys that an `expect:` may have.
const std::vector<std::string>& expected_sections();

/// What is wrong with an `expect:` itself.
void check_expectation(const config::Node& expect, config::Problems& problems);

bool matches(const config::Node& expected, const boost::json::value& actual);

/// What is expected, as a value that can be shown.
boost::json::value shown(const config::Node& expected);

/// What happened, in the form of what is expected: where the two fit, the same value as shown();
/// where not, what is there instead. It is also what an expectation becomes when it is recorded.
boost::json::value shaped(const config::Node& expected, const boost::json::value& actual);

/// A record of what happened, or a list of them, with no more of it than is worth recording.
boost::json::value brief(const boost::json::value& record);

}  // namespace tidemill::rehearsal
