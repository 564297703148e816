#include "core/observe/logger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "core/observe/printable.h"

namespace tidemill {
namespace {

using ::testing::HasSubstr;

WallTime noon() { return WallTime(1'700'049'600'250'000); }  // 2023-11-15T12:00:00.250Z

TEST(Logger, ALineForPeopleHasTimeLevelAndSentence) {
  std::ostringstream out;
  Logger logger(LogLevel::info, LogFormat::text, noon, out);

  logger.write(LogLevel::warning, "the source is slow");

  EXPECT_EQ(out.str(), "2023-11-15T12:00:00.250Z warning the source is slow\n");
}

TEST(Logger, ALineForMachinesIsOneJsonObject) {
  std::ostringstream out;
  Logger logger(LogLevel::info, LogFormat::json, noon, out);

  logger.write(LogLevel::error, "no such file: \"a\\b\"");

  EXPECT_EQ(out.str(), R"({"time":"2023-11-15T12:00:00.250Z","level":"error",)"
                       R"("message":"no such file: \"a\\b\""})"
                       "\n");
}

TEST(Logger, SentencesBelowTheLevelAreDropped) {
  std::ostringstream out;
  Logger logger(LogLevel::warning, LogFormat::text, noon, out);

  logger.write(LogLevel::debug, "detail");
  logger.write(LogLevel::info, "news");

  EXPECT_EQ(out.str(), "");
}

TEST(Logger, AnObjectsNameCannotForgeASecondLine) {
  std::ostringstream out;
  Logger logger(LogLevel::info, LogFormat::text, noon, out);

  logger.write(LogLevel::info, "read evil\n2023-11-15 error all is lost \x1b[2J");

  EXPECT_THAT(out.str(), HasSubstr("evil\\n2023"));
  EXPECT_THAT(out.str(), HasSubstr("\\u001b[2J"));
}

TEST(Logger, BracesAndQuotesForPeopleStayAsTheyAre) {
  std::ostringstream out;
  Logger logger(LogLevel::info, LogFormat::text, noon, out);

  logger.write(LogLevel::info, "{} {0} %v \"x\"");

  EXPECT_THAT(out.str(), HasSubstr("{} {0} %v \"x\""));
}

TEST(Logger, LinesOfSeveralThreadsAreNotTorn) {
  std::ostringstream out;
  Logger logger(LogLevel::info, LogFormat::text, noon, out);
  const std::string sentence(200, 'x');

  std::vector<std::jthread> writers;
  for (int i = 0; i < 4; ++i)
    writers.emplace_back([&] {
      for (int n = 0; n < 100; ++n) logger.write(LogLevel::info, sentence);
    });
  writers.clear();

  std::istringstream lines(out.str());
  std::string line;
  int count = 0;
  while (std::getline(lines, line)) {
    EXPECT_THAT(line, ::testing::EndsWith(" " + sentence));
    ++count;
  }
  EXPECT_EQ(count, 400);
}

TEST(Printable, WellFormedUtf8StaysAsItIs) {
  for (const std::string text : {"Tidemühle", "潮汐", "\xF0\x9F\x8C\x8A", "\xF4\x8F\xBF\xBF"})
    EXPECT_EQ(printable(text, Place::json_string), text);
}

TEST(Printable, BytesThatAreNoUtf8AreReplacedOneByOne) {
  EXPECT_EQ(printable("a\xFFz", Place::json_string), "a\xEF\xBF\xBDz");
  EXPECT_EQ(printable("\xC0\xAF", Place::json_string), "\xEF\xBF\xBD\xEF\xBF\xBD");  // Overlong.
  EXPECT_EQ(printable("\xED\xA0\x80", Place::json_string).size(), 9U);               // A surrogate.
  EXPECT_EQ(printable("\xF4\x90\x80\x80", Place::json_string).size(), 12U);  // Past U+10FFFF.
  EXPECT_EQ(printable("cut \xE6\xBD", Place::json_string),
            "cut \xEF\xBF\xBD\xEF\xBF\xBD");  // Truncated.
  EXPECT_EQ(printable(std::string_view("a\0b\r", 4), Place::json_string),
            "a\\u0000b\\u000d");  // Control.
}

TEST(Printable, WhatATerminalTakesForACommandIsEscaped) {
  for (const Place place : {Place::terminal, Place::json_string}) {
    EXPECT_EQ(printable("\x1b[2J\x7F", place), "\\u001b[2J\\u007f");
    EXPECT_EQ(printable("\xC2\x80\xC2\x9B\xC2\xA0\xC3\x9B", place),
              "\\u0080\\u009b\xC2\xA0\xC3\x9B");
  }
}

}  // namespace
}  // namespace tidemill
