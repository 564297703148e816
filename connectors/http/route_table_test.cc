#include "route_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace tidemill::http {
namespace {

using ::testing::HasSubstr;
using Outcome = RouteMatch::Outcome;

class RouteTableTest : public ::testing::Test {
 protected:
  Result<> add(std::string key, const int& owner, std::string name = "pipeline a") {
    return table_.add({.key = std::move(key),
                       .owner = &owner,
                       .owner_name = std::move(name),
                       .index = table_.empty() ? 0U : 1U});
  }

  void add_all(std::initializer_list<const char*> keys) {
    for (const char* key : keys) {
      const auto added = add(key, a_);
      ASSERT_TRUE(added) << added.error().message;
    }
  }

  /// The key of the route that takes it, with what stands for its names; else what is wrong.
  std::string taken(std::string_view method, std::string_view path) const {
    const RouteMatch match = table_.find(method, path);
    switch (match.outcome) {
      case Outcome::no_such_path:
        return "no such path";
      case Outcome::method_not_allowed:
        return "allows " + match.allow;
      case Outcome::malformed_path:
        return "malformed";
      case Outcome::found:
        break;
    }
    std::string text = match.route->key;
    for (const PathParam& param : match.params)
      text.append(" ").append(param.name).append("=").append(param.value);
    return text;
  }

  std::string why(std::string key) {
    const auto added = add(std::move(key), a_);
    if (added) return "it was added";
    EXPECT_EQ(added.error().fault, Fault::bad_config);
    return added.error().message;
  }

  int a_ = 0;
  int b_ = 0;
  RouteTable table_;
};

TEST_F(RouteTableTest, TheMostSpecificRouteTakesARequestAsInApiGateway) {
  add_all(
      {"GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default"});

  EXPECT_EQ(taken("GET", "/pets/dog/1"), "GET /pets/dog/1");
  EXPECT_EQ(taken("GET", "/pets/dog/2"), "GET /pets/dog/{id} id=2");
  EXPECT_EQ(taken("GET", "/pets/cat/1"), "GET /pets/{proxy+} proxy=cat/1");
  EXPECT_EQ(taken("POST", "/test/5"), "ANY /{proxy+} proxy=test/5");
  EXPECT_EQ(taken("POST", "/"), "$default");
}

TEST_F(RouteTableTest, WhatFitsTheWholePathComesBeforeWhatIsGreedy) {
  add_all({"GET /pets/{rest+}", "GET /{kind}/{id}"});

  EXPECT_EQ(taken("GET", "/pets/7"), "GET /{kind}/{id} kind=pets id=7");
  EXPECT_EQ(taken("GET", "/pets/7/toys"), "GET /pets/{rest+} rest=7/toys");
}

TEST_F(RouteTableTest, TheLongerOfTwoGreedyRoutesTakesIt) {
  add_all({"GET /{all+}", "GET /files/{file+}"});

  EXPECT_EQ(taken("GET", "/files/a/b"), "GET /files/{file+} file=a/b");
  EXPECT_EQ(taken("GET", "/file/a"), "GET /{all+} all=file/a");
}

TEST_F(RouteTableTest, ALiteralThatLeadsNowhereGivesWayToAName) {
  add_all({"GET /users/me/photo", "GET /users/{id}/posts"});

  EXPECT_EQ(taken("GET", "/users/me/posts"), "GET /users/{id}/posts id=me");
  EXPECT_EQ(taken("GET", "/users/me/photo"), "GET /users/me/photo");
  EXPECT_EQ(taken("GET", "/users/you/photo"), "no such path");
}

TEST_F(RouteTableTest, AMethodOfItsOwnComesBeforeAny) {
  add_all({"ANY /hooks", "POST /hooks"});

  EXPECT_EQ(taken("POST", "/hooks"), "POST /hooks");
  EXPECT_EQ(taken("GET", "/hooks"), "ANY /hooks");
}

TEST_F(RouteTableTest, AnotherMethodOfAKnownPathMayBeFoundInAWiderRoute) {
  add_all({"POST /pets/dog", "GET /pets/{id}", "DELETE /{all+}"});

  EXPECT_EQ(taken("GET", "/pets/dog"), "GET /pets/{id} id=dog");
  EXPECT_EQ(taken("DELETE", "/pets/dog"), "DELETE /{all+} all=pets/dog");
}

TEST_F(RouteTableTest, AKnownPathSaysWhichMethodsItTakes) {
  add_all({"POST /users", "GET /users", "GET /users/{id}", "PUT /{all+}"});

  EXPECT_EQ(taken("PATCH", "/users"), "allows GET, POST, PUT");
  EXPECT_EQ(taken("POST", "/users/7"), "allows GET, PUT");
  EXPECT_EQ(taken("POST", "/"), "no such path");
}

TEST_F(RouteTableTest, HeadIsNoGet) {
  add_all({"GET /users"});

  EXPECT_EQ(taken("HEAD", "/users"), "allows GET");
}

TEST_F(RouteTableTest, DefaultTakesOtherMethodsOfKnownPathsToo) {
  add_all({"GET /users", "$default"});

  EXPECT_EQ(taken("DELETE", "/users"), "$default");
}

TEST_F(RouteTableTest, ANameStandsForOneSegmentThatIsNotEmpty) {
  add_all({"GET /users/{id}"});

  EXPECT_EQ(taken("GET", "/users/"), "no such path");
  EXPECT_EQ(taken("GET", "/users"), "no such path");
  EXPECT_EQ(taken("GET", "/users/7/"), "no such path");
  EXPECT_EQ(taken("GET", "/users/7"), "GET /users/{id} id=7");
}

TEST_F(RouteTableTest, AGreedyNameNeedsSomethingToTake) {
  add_all({"GET /files/{path+}"});

  EXPECT_EQ(taken("GET", "/files"), "no such path");
  EXPECT_EQ(taken("GET", "/files/"), "no such path");
  EXPECT_EQ(taken("GET", "/files/a/"), "GET /files/{path+} path=a/");
}

TEST_F(RouteTableTest, TheRootAndASlashAtTheEndArePathsOfTheirOwn) {
  add_all({"GET /", "GET /users/"});

  EXPECT_EQ(taken("GET", "/"), "GET /");
  EXPECT_EQ(taken("GET", "/users/"), "GET /users/");
  EXPECT_EQ(taken("GET", "/users"), "no such path");
}

TEST_F(RouteTableTest, WhatStandsForNamesIsDecoded) {
  add_all({"GET /users/{id}", "GET /files/{path+}"});

  EXPECT_EQ(taken("GET", "/users/caf%C3%A9+x"), "GET /users/{id} id=caf\xC3\xA9+x");
  EXPECT_EQ(taken("GET", "/users/a%2Fb"), "GET /users/{id} id=a/b");
  EXPECT_EQ(taken("GET", "/files/a%20b/c"), "GET /files/{path+} path=a b/c");
}

TEST_F(RouteTableTest, LiteralsAreTheSameHoweverTheyAreEscaped) {
  add_all({"GET /caf\xC3\xA9", "GET /a%20b"});

  EXPECT_EQ(taken("GET", "/caf%c3%a9"), "GET /caf\xC3\xA9");
  EXPECT_EQ(taken("GET", "/a%20b"), "GET /a%20b");
}

TEST_F(RouteTableTest, APathThatIsNoneIsMalformed) {
  add_all({"$default"});

  EXPECT_EQ(taken("GET", "/a%2"), "malformed");
  EXPECT_EQ(taken("GET", "/a%zz"), "malformed");
  EXPECT_EQ(taken("GET", "a"), "malformed");
  EXPECT_EQ(taken("OPTIONS", "*"), "malformed");
}

TEST_F(RouteTableTest, ManyNamesDoNotMakeALookUpLong) {
  std::string key = "GET ";
  std::string path;
  for (int i = 0; i < 200; ++i) {
    key += "/{n" + std::to_string(i) + "}";
    path += "/a";
  }
  ASSERT_TRUE(add(key, a_));

  EXPECT_EQ(table_.find("GET", path).params.size(), 200U);
  EXPECT_EQ(taken("GET", path + "/a"), "no such path");
}

TEST_F(RouteTableTest, ARouteIsFoundWithItsOwner) {
  ASSERT_TRUE(add("GET /a", a_));
  ASSERT_TRUE(add("GET /b", b_, "pipeline b"));

  const RouteMatch match = table_.find("GET", "/b");

  ASSERT_EQ(match.outcome, Outcome::found);
  EXPECT_EQ(match.route->owner, &b_);
  EXPECT_EQ(match.route->owner_name, "pipeline b");
  EXPECT_EQ(match.route->index, 1U);
}

TEST_F(RouteTableTest, ARouteCannotBeTakenTwice) {
  ASSERT_TRUE(add("GET /users/{id}", a_));

  const auto again = add("GET /users/{name}", b_, "pipeline b");

  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().fault, Fault::bad_config);
  EXPECT_EQ(again.error().message,
            "route 'GET /users/{name}' of pipeline b is taken by 'GET /users/{id}' of pipeline a; "
            "give one of them another path or method");
  EXPECT_EQ(taken("GET", "/users/7"), "GET /users/{id} id=7");
}

TEST_F(RouteTableTest, NeitherCanWhatIsGreedyOrTheDefault) {
  add_all({"ANY /{a+}", "$default"});

  EXPECT_THAT(why("ANY /{b+}"), HasSubstr("taken by 'ANY /{a+}'"));
  EXPECT_THAT(why("$default"), HasSubstr("taken by '$default'"));
}

TEST_F(RouteTableTest, AnOwnerLeavesWithItsRoutes) {
  ASSERT_TRUE(add("GET /users", a_));
  ASSERT_TRUE(add("$default", a_));
  ASSERT_TRUE(add("POST /users", b_));
  const RouteMatch before = table_.find("GET", "/users");

  table_.remove(&a_);

  EXPECT_EQ(taken("GET", "/users"), "allows POST");
  EXPECT_EQ(taken("GET", "/x"), "no such path");
  EXPECT_EQ(before.route->key, "GET /users");
  EXPECT_TRUE(add("GET /users", b_));
  table_.remove(&b_);
  EXPECT_TRUE(table_.empty());
}

TEST_F(RouteTableTest, WhatIsNoRouteSaysWhy) {
  EXPECT_EQ(why("/users"),
            "route '/users': write a method and a path, such as 'GET /users/{id}', or $default");
  EXPECT_THAT(why("GRAB /users"), HasSubstr("'GRAB' is no method; known ones: GET"));
  EXPECT_THAT(why("get /users"), HasSubstr("'get' is no method"));
  EXPECT_THAT(why("GET users"), HasSubstr("the path has to begin with '/'"));
  EXPECT_THAT(why("GET "), HasSubstr("the path has to begin with '/'"));
  EXPECT_THAT(why("GET //a"), HasSubstr("two '/' stand side by side"));
  EXPECT_THAT(why("GET /a?b=1"), HasSubstr("no blanks, '?' or '#'"));
  EXPECT_THAT(why("GET /a b"), HasSubstr("no blanks, '?' or '#'"));
  EXPECT_THAT(why("GET /a%2"), HasSubstr("'a%2' has a '%' without two hex digits"));
  EXPECT_THAT(why("GET /v{n}"), HasSubstr("'v{n}' mixes a name and text"));
  EXPECT_THAT(why("GET /{a}{b}"), HasSubstr("'{a}{b}' is no name"));
  EXPECT_THAT(why("GET /{}"), HasSubstr("'{}' is no name"));
  EXPECT_THAT(why("GET /{+}"), HasSubstr("'{}' is no name"));
  EXPECT_THAT(why("GET /{a+}/b"), HasSubstr("'{a+}' takes all that is left"));
  EXPECT_THAT(why("GET /{a}/{a}"), HasSubstr("'{a}' is there twice"));
  EXPECT_TRUE(table_.empty());
  EXPECT_TRUE(check_route("GET /{a}/{b+}"));
  EXPECT_FALSE(check_route("GET a"));
}

}  // namespace
}  // namespace tidemill::http
