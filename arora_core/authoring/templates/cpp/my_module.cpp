#include "my_module.hpp"

#include <numeric>

arora::Result<double> my_module::mean(std::vector<double> values) {
    if (values.empty()) return arora::Error{"no values"};
    return std::accumulate(values.begin(), values.end(), 0.0) / values.size();
}
