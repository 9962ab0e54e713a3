// RUN: dit-opt %s --dit-join-linears --remarks-filter=fusion --remark-format=emitRemark --verify-diagnostics -o /dev/null

func.func @joined(%c: tensor<?x8xf32>) -> (tensor<?x6xf32>, tensor<?x4xf32>) {
  %w0 = dit.weight "w0" : tensor<6x8xf32>
  %w1 = dit.weight "w1" : tensor<4x8xf32>
  // expected-remark@below {{2 linears of one x}}
  %p0 = dit.linear %c weight(%w0) : (tensor<?x8xf32>, tensor<6x8xf32>) -> tensor<?x6xf32>
  %p1 = dit.linear %c weight(%w1) : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x4xf32>
  return %p0, %p1 : tensor<?x6xf32>, tensor<?x4xf32>
}

func.func @weight_is_an_argument(%c: tensor<?x8xf32>, %w0: tensor<6x8xf32>) -> (tensor<?x6xf32>, tensor<?x4xf32>) {
  %w1 = dit.weight "w1" : tensor<4x8xf32>
  // expected-remark@below {{its weight depends on an argument}}
  %p0 = dit.linear %c weight(%w0) : (tensor<?x8xf32>, tensor<6x8xf32>) -> tensor<?x6xf32>
  %p1 = dit.linear %c weight(%w1) : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x4xf32>
  return %p0, %p1 : tensor<?x6xf32>, tensor<?x4xf32>
}
