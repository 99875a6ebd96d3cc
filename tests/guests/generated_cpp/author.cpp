// What an author writes on the types and prototypes that are generated, to test these.
#include "shapes.hpp"

arora::Result<std::string> shapes::describe(std::string name, std::optional<std::uint8_t> age, std::uint32_t times) {
    return age ? name + ", " + std::to_string(*age) + ", " + std::to_string(times) + " times" : name;
}

arora::Result<void> shapes::refuse(std::string why) {
    return arora::Error{why};
}

arora::Result<void> shapes::refuse_badly() {
    return arora::Error{"\xff"};
}

arora::Result<void> shapes::move(shapes::Point from, shapes::Point &to) {
    to.x += from.x;
    return {};
}

arora::Result<shapes::Deep> shapes::echo_deep(shapes::Deep deep) {
    return deep;
}

arora::Result<std::uint32_t> shapes::count(shapes::List list) {
    std::uint32_t found = 1;
    for (const shapes::List *at = &list; at->tail; at = &**at->tail) found++;
    return found;
}

arora::Result<arora::Value> shapes::echo(arora::Value value) {
    return value;
}

arora::Result<arora::Value> shapes::repeat(std::uint64_t callable) {
    return arora::call(callable);
}

arora::Result<arora::Map<std::uint8_t>> shapes::unordered() {
    return arora::Map<std::uint8_t>{{"b", 4}, {"", std::nullopt}, {"ab", 2}, {"a", 3}};
}

arora::Result<std::uint32_t> shapes::sum(std::uint32_t megabytes) {
    return megabytes;
}

// Results that cannot be written.
arora::Result<shapes::Deep> shapes::lie(std::uint8_t how) {
    shapes::Deep deep;
    deep.corners.resize(how == 0 ? 1 : 2);
    if (how == 3) {
        shapes::Outer outer;
        outer.inner.text = "\xff";
        deep.shapes = {{shapes::Shape::None{}}, {shapes::Shape::Maybe{outer}}};
    }
    return deep;
}

arora::Result<shapes::List> shapes::nest(std::uint32_t depth) {
    shapes::List list;
    while (--depth > 0) {
        shapes::List longer;
        longer.tail = arora::Box<shapes::List>(std::move(list));
        list = std::move(longer);
    }
    return list;
}

arora::Result<std::string> shapes::ask(std::string question, std::uint32_t &patience) {
    return robot::say(question, patience);
}
