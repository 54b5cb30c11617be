/* eslint-disable */
import * as types from './graphql.ts';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "query WhoAmI {\n  viewer {\n    user {\n      id\n      name\n      role\n    }\n    tenant\n    scopes\n    tokenExpiresAt\n  }\n}\n\nmutation AddPerson($name: String!, $email: String, $role: Role!) {\n  createUser(name: $name, email: $email, role: $role) {\n    user {\n      id\n      name\n      role\n    }\n    userErrors {\n      field\n      message\n      code\n    }\n  }\n}\n\nmutation MakeToken($name: String!, $scopes: [String!]!, $expiresIn: Duration, $userId: ID) {\n  createApiToken(\n    name: $name\n    scopes: $scopes\n    expiresIn: $expiresIn\n    userId: $userId\n  ) {\n    token {\n      id\n      expiresAt\n    }\n    secret\n    userErrors {\n      field\n      message\n      code\n    }\n  }\n}": typeof types.WhoAmIDocument,
    "subscription WatchReports($filter: ReportFilter) {\n  reportEvents(filter: $filter) {\n    kind\n    reportId\n    report {\n      id\n      title\n      status\n    }\n    progress {\n      ...ProgressFacts\n    }\n    at\n  }\n}": typeof types.WatchReportsDocument,
    "fragment ReportFacts on Report {\n  id\n  title\n  status\n  type {\n    name\n  }\n  parameters\n  resolvedParameters\n  attempt\n  failure {\n    code\n    message\n    retryable\n  }\n  document {\n    ...DocumentFacts\n  }\n  createdAt\n  startedAt\n  finishedAt\n}\n\nfragment DocumentFacts on ReportDocument {\n  fileName\n  contentType\n  rowCount\n  byteSize\n  sha256\n  expiresAt\n  downloadUrl\n  summary\n}\n\nfragment ProgressFacts on ReportProgress {\n  sequence\n  status\n  stage\n  attempt\n  percent\n  rowsWritten\n  rowsTotal\n  bytesWritten\n  message\n  etaSeconds\n  at\n}": typeof types.ReportFactsFragmentDoc,
    "subscription WatchReport($id: ID!, $after: BigInt) {\n  reportProgress(id: $id, after: $after) {\n    ...ProgressFacts\n  }\n}": typeof types.WatchReportDocument,
    "query WhatCanBeAskedFor {\n  reportTypes {\n    name\n    title\n    inputField\n    available\n    unavailableReason\n    parameters {\n      name\n      type\n      required\n      default\n      values\n    }\n    columns {\n      name\n      type\n    }\n  }\n}": typeof types.WhatCanBeAskedForDocument,
    "query OneReport($id: ID!) {\n  report(id: $id) {\n    ...ReportFacts\n    progress {\n      ...ProgressFacts\n    }\n    attempts {\n      number\n      outcome\n      failure {\n        code\n        message\n      }\n    }\n  }\n}": typeof types.OneReportDocument,
    "query SomeReports($first: Int, $after: String, $last: Int, $before: String, $filter: ReportFilter, $order: ReportOrder) {\n  reports(\n    first: $first\n    after: $after\n    last: $last\n    before: $before\n    filter: $filter\n    order: $order\n  ) {\n    totalCount\n    nodes {\n      ...ReportFacts\n    }\n    pageInfo {\n      hasNextPage\n      hasPreviousPage\n      startCursor\n      endCursor\n    }\n  }\n}": typeof types.SomeReportsDocument,
    "mutation RequestReport($input: RequestReportInput!) {\n  requestReport(input: $input) {\n    report {\n      id\n      title\n      status\n      resolvedParameters\n    }\n    userErrors {\n      field\n      message\n      code\n    }\n  }\n}": typeof types.RequestReportDocument,
};
const documents: Documents = {
    "query WhoAmI {\n  viewer {\n    user {\n      id\n      name\n      role\n    }\n    tenant\n    scopes\n    tokenExpiresAt\n  }\n}\n\nmutation AddPerson($name: String!, $email: String, $role: Role!) {\n  createUser(name: $name, email: $email, role: $role) {\n    user {\n      id\n      name\n      role\n    }\n    userErrors {\n      field\n      message\n      code\n    }\n  }\n}\n\nmutation MakeToken($name: String!, $scopes: [String!]!, $expiresIn: Duration, $userId: ID) {\n  createApiToken(\n    name: $name\n    scopes: $scopes\n    expiresIn: $expiresIn\n    userId: $userId\n  ) {\n    token {\n      id\n      expiresAt\n    }\n    secret\n    userErrors {\n      field\n      message\n      code\n    }\n  }\n}": types.WhoAmIDocument,
    "subscription WatchReports($filter: ReportFilter) {\n  reportEvents(filter: $filter) {\n    kind\n    reportId\n    report {\n      id\n      title\n      status\n    }\n    progress {\n      ...ProgressFacts\n    }\n    at\n  }\n}": types.WatchReportsDocument,
    "fragment ReportFacts on Report {\n  id\n  title\n  status\n  type {\n    name\n  }\n  parameters\n  resolvedParameters\n  attempt\n  failure {\n    code\n    message\n    retryable\n  }\n  document {\n    ...DocumentFacts\n  }\n  createdAt\n  startedAt\n  finishedAt\n}\n\nfragment DocumentFacts on ReportDocument {\n  fileName\n  contentType\n  rowCount\n  byteSize\n  sha256\n  expiresAt\n  downloadUrl\n  summary\n}\n\nfragment ProgressFacts on ReportProgress {\n  sequence\n  status\n  stage\n  attempt\n  percent\n  rowsWritten\n  rowsTotal\n  bytesWritten\n  message\n  etaSeconds\n  at\n}": types.ReportFactsFragmentDoc,
    "subscription WatchReport($id: ID!, $after: BigInt) {\n  reportProgress(id: $id, after: $after) {\n    ...ProgressFacts\n  }\n}": types.WatchReportDocument,
    "query WhatCanBeAskedFor {\n  reportTypes {\n    name\n    title\n    inputField\n    available\n    unavailableReason\n    parameters {\n      name\n      type\n      required\n      default\n      values\n    }\n    columns {\n      name\n      type\n    }\n  }\n}": types.WhatCanBeAskedForDocument,
    "query OneReport($id: ID!) {\n  report(id: $id) {\n    ...ReportFacts\n    progress {\n      ...ProgressFacts\n    }\n    attempts {\n      number\n      outcome\n      failure {\n        code\n        message\n      }\n    }\n  }\n}": types.OneReportDocument,
    "query SomeReports($first: Int, $after: String, $last: Int, $before: String, $filter: ReportFilter, $order: ReportOrder) {\n  reports(\n    first: $first\n    after: $after\n    last: $last\n    before: $before\n    filter: $filter\n    order: $order\n  ) {\n    totalCount\n    nodes {\n      ...ReportFacts\n    }\n    pageInfo {\n      hasNextPage\n      hasPreviousPage\n      startCursor\n      endCursor\n    }\n  }\n}": types.SomeReportsDocument,
    "mutation RequestReport($input: RequestReportInput!) {\n  requestReport(input: $input) {\n    report {\n      id\n      title\n      status\n      resolvedParameters\n    }\n    userErrors {\n      field\n      message\n      code\n    }\n  }\n}": types.RequestReportDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query WhoAmI {\n  viewer {\n    user {\n      id\n      name\n      role\n    }\n    tenant\n    scopes\n    tokenExpiresAt\n  }\n}\n\nmutation AddPerson($name: String!, $email: String, $role: Role!) {\n  createUser(name: $name, email: $email, role: $role) {\n    user {\n      id\n      name\n      role\n    }\n    userErrors {\n      field\n      message\n      code\n    }\n  }\n}\n\nmutation MakeToken($name: String!, $scopes: [String!]!, $expiresIn: Duration, $userId: ID) {\n  createApiToken(\n    name: $name\n    scopes: $scopes\n    expiresIn: $expiresIn\n    userId: $userId\n  ) {\n    token {\n      id\n      expiresAt\n    }\n    secret\n    userErrors {\n      field\n      message\n      code\n    }\n  }\n}"): (typeof documents)["query WhoAmI {\n  viewer {\n    user {\n      id\n      name\n      role\n    }\n    tenant\n    scopes\n    tokenExpiresAt\n  }\n}\n\nmutation AddPerson($name: String!, $email: String, $role: Role!) {\n  createUser(name: $name, email: $email, role: $role) {\n    user {\n      id\n      name\n      role\n    }\n    userErrors {\n      field\n      message\n      code\n    }\n  }\n}\n\nmutation MakeToken($name: String!, $scopes: [String!]!, $expiresIn: Duration, $userId: ID) {\n  createApiToken(\n    name: $name\n    scopes: $scopes\n    expiresIn: $expiresIn\n    userId: $userId\n  ) {\n    token {\n      id\n      expiresAt\n    }\n    secret\n    userErrors {\n      field\n      message\n      code\n    }\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "subscription WatchReports($filter: ReportFilter) {\n  reportEvents(filter: $filter) {\n    kind\n    reportId\n    report {\n      id\n      title\n      status\n    }\n    progress {\n      ...ProgressFacts\n    }\n    at\n  }\n}"): (typeof documents)["subscription WatchReports($filter: ReportFilter) {\n  reportEvents(filter: $filter) {\n    kind\n    reportId\n    report {\n      id\n      title\n      status\n    }\n    progress {\n      ...ProgressFacts\n    }\n    at\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "fragment ReportFacts on Report {\n  id\n  title\n  status\n  type {\n    name\n  }\n  parameters\n  resolvedParameters\n  attempt\n  failure {\n    code\n    message\n    retryable\n  }\n  document {\n    ...DocumentFacts\n  }\n  createdAt\n  startedAt\n  finishedAt\n}\n\nfragment DocumentFacts on ReportDocument {\n  fileName\n  contentType\n  rowCount\n  byteSize\n  sha256\n  expiresAt\n  downloadUrl\n  summary\n}\n\nfragment ProgressFacts on ReportProgress {\n  sequence\n  status\n  stage\n  attempt\n  percent\n  rowsWritten\n  rowsTotal\n  bytesWritten\n  message\n  etaSeconds\n  at\n}"): (typeof documents)["fragment ReportFacts on Report {\n  id\n  title\n  status\n  type {\n    name\n  }\n  parameters\n  resolvedParameters\n  attempt\n  failure {\n    code\n    message\n    retryable\n  }\n  document {\n    ...DocumentFacts\n  }\n  createdAt\n  startedAt\n  finishedAt\n}\n\nfragment DocumentFacts on ReportDocument {\n  fileName\n  contentType\n  rowCount\n  byteSize\n  sha256\n  expiresAt\n  downloadUrl\n  summary\n}\n\nfragment ProgressFacts on ReportProgress {\n  sequence\n  status\n  stage\n  attempt\n  percent\n  rowsWritten\n  rowsTotal\n  bytesWritten\n  message\n  etaSeconds\n  at\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "subscription WatchReport($id: ID!, $after: BigInt) {\n  reportProgress(id: $id, after: $after) {\n    ...ProgressFacts\n  }\n}"): (typeof documents)["subscription WatchReport($id: ID!, $after: BigInt) {\n  reportProgress(id: $id, after: $after) {\n    ...ProgressFacts\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query WhatCanBeAskedFor {\n  reportTypes {\n    name\n    title\n    inputField\n    available\n    unavailableReason\n    parameters {\n      name\n      type\n      required\n      default\n      values\n    }\n    columns {\n      name\n      type\n    }\n  }\n}"): (typeof documents)["query WhatCanBeAskedFor {\n  reportTypes {\n    name\n    title\n    inputField\n    available\n    unavailableReason\n    parameters {\n      name\n      type\n      required\n      default\n      values\n    }\n    columns {\n      name\n      type\n    }\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query OneReport($id: ID!) {\n  report(id: $id) {\n    ...ReportFacts\n    progress {\n      ...ProgressFacts\n    }\n    attempts {\n      number\n      outcome\n      failure {\n        code\n        message\n      }\n    }\n  }\n}"): (typeof documents)["query OneReport($id: ID!) {\n  report(id: $id) {\n    ...ReportFacts\n    progress {\n      ...ProgressFacts\n    }\n    attempts {\n      number\n      outcome\n      failure {\n        code\n        message\n      }\n    }\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query SomeReports($first: Int, $after: String, $last: Int, $before: String, $filter: ReportFilter, $order: ReportOrder) {\n  reports(\n    first: $first\n    after: $after\n    last: $last\n    before: $before\n    filter: $filter\n    order: $order\n  ) {\n    totalCount\n    nodes {\n      ...ReportFacts\n    }\n    pageInfo {\n      hasNextPage\n      hasPreviousPage\n      startCursor\n      endCursor\n    }\n  }\n}"): (typeof documents)["query SomeReports($first: Int, $after: String, $last: Int, $before: String, $filter: ReportFilter, $order: ReportOrder) {\n  reports(\n    first: $first\n    after: $after\n    last: $last\n    before: $before\n    filter: $filter\n    order: $order\n  ) {\n    totalCount\n    nodes {\n      ...ReportFacts\n    }\n    pageInfo {\n      hasNextPage\n      hasPreviousPage\n      startCursor\n      endCursor\n    }\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation RequestReport($input: RequestReportInput!) {\n  requestReport(input: $input) {\n    report {\n      id\n      title\n      status\n      resolvedParameters\n    }\n    userErrors {\n      field\n      message\n      code\n    }\n  }\n}"): (typeof documents)["mutation RequestReport($input: RequestReportInput!) {\n  requestReport(input: $input) {\n    report {\n      id\n      title\n      status\n      resolvedParameters\n    }\n    userErrors {\n      field\n      message\n      code\n    }\n  }\n}"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;