/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** generated: the parameters of Daily figures by region. */
export type AnalyticsParametersInput = {
  /** Last day, inclusive */
  endDate: string;
  /** Only this region */
  region?: AnalyticsRegion | null | undefined;
  /** First day, inclusive */
  startDate: string;
};

/** generated: Only this region */
export type AnalyticsRegion =
  | 'APAC'
  | 'EU'
  | 'US';

/**
 * POSTGRES: byte for byte what psql's \copy ... csv header writes: LF, t/f, ISO dates, null = nothing, empty text = "". Computed
 * rows are written the same way. RFC4180: the same with CRLF. EXCEL: RFC4180 with UTF-8 BOM, true/false, and text cells (never
 * numbers) that a spreadsheet would evaluate neutralised.
 */
export type CsvDialect =
  | 'EXCEL'
  | 'POSTGRES'
  | 'RFC4180';

/** generated: the parameters of Customers by lifetime value. */
export type CustomersParametersInput = {
  /** Last day whose orders count, inclusive */
  asOf?: string | null | undefined;
  /** Only these countries, as two letters: DE */
  countries?: Array<string> | null | undefined;
  /** Only customers worth at least this many euro */
  minLifetimeValue?: number | string | null | undefined;
  /** Only this region */
  region?: CustomersRegion | null | undefined;
  /** Only this segment */
  segment?: CustomersSegment | null | undefined;
};

/** generated: Only this region */
export type CustomersRegion =
  | 'APAC'
  | 'EU'
  | 'US';

/** generated: Only this segment */
export type CustomersSegment =
  | 'LAPSED'
  | 'LOYAL'
  | 'OCCASIONAL'
  | 'PROSPECT'
  | 'VIP';

/** generated: Only products of these categories; all when left out */
export type InventoryCategories =
  | 'Books'
  | 'Garden'
  | 'Kitchen'
  | 'Lighting'
  | 'Office'
  | 'Outdoor'
  | 'Tools'
  | 'Toys';

/** generated: the parameters of Inventory by product. */
export type InventoryParametersInput = {
  /** Last day whose movements count, inclusive */
  asOf?: string | null | undefined;
  /** Only products that are to be reordered */
  belowReorderLevel?: boolean | null | undefined;
  /** Only products of these categories; all when left out */
  categories?: Array<InventoryCategories> | null | undefined;
  /** Only products with at least so many pieces on hand */
  minOnHand?: number | null | undefined;
};

/** generated: the parameters of Orders. */
export type OrdersParametersInput = {
  /** Last day, inclusive */
  endDate: string;
  /** Only orders of at least this total in euro */
  minTotal?: number | string | null | undefined;
  /** Only this region */
  region?: OrdersRegion | null | undefined;
  /** First day, inclusive */
  startDate: string;
  /** Only orders that stand there; all when left out */
  statuses?: Array<OrdersStatuses> | null | undefined;
};

/** generated: Only this region */
export type OrdersRegion =
  | 'APAC'
  | 'EU'
  | 'US';

/** generated: Only orders that stand there; all when left out */
export type OrdersStatuses =
  | 'CANCELED'
  | 'DELIVERED'
  | 'PAID'
  | 'PLACED'
  | 'RETURNED'
  | 'SHIPPED';

/** How an attempt ended. HANDED_BACK: by a draining worker. */
export type ReportAttemptOutcome =
  | 'CANCELED'
  | 'FAILED'
  | 'HANDED_BACK'
  | 'LOST'
  | 'SUCCEEDED';

/** Any report type by the name of its file. */
export type ReportByNameInput = {
  /** Names (camelCase) and values. */
  parameters?: unknown;
  /** The file's name, snake_case. */
  type: string;
};

/** GZIP and ZSTD make sales.csv.gz, sales.csv.zst (no Content-Encoding). */
export type ReportCompression =
  | 'GZIP'
  | 'NONE'
  | 'ZSTD';

/**
 * READY: the first, once nothing more can be missed: read reports now. CREATED, CHANGED (status), PROGRESSED.
 * LEFT: no longer within the filter or the viewer's sight. DELETED. RESYNC: read again (reconnected, or more than 1,000 reports pending).
 */
export type ReportEventKind =
  | 'CHANGED'
  | 'CREATED'
  | 'DELETED'
  | 'LEFT'
  | 'PROGRESSED'
  | 'READY'
  | 'RESYNC';

/** Why a report or an attempt failed, for programs. */
export type ReportFailureCode =
  | 'ACCESS_DENIED'
  | 'INTERNAL'
  | 'INVALID_PARAMETERS'
  | 'ROW_LIMIT'
  | 'SOURCE_QUERY_FAILED'
  | 'SOURCE_RATE_LIMITED'
  | 'SOURCE_UNAVAILABLE'
  | 'STORAGE_FAILED'
  | 'TIMEOUT'
  | 'TYPE_REMOVED'
  | 'WORKER_LOST';

/** Reports like these: every field that is given must hold. */
export type ReportFilter = {
  /** Accepted before this. */
  createdBefore?: string | null | undefined;
  /** Accepted at or after this. */
  createdFrom?: string | null | undefined;
  /** One of these. */
  priority?: Array<ReportPriority> | null | undefined;
  /** One of these. */
  status?: Array<ReportStatus> | null | undefined;
  /** Has this tag. */
  tag?: string | null | undefined;
  /** In the title, upper or lower case. */
  titleContains?: string | null | undefined;
  /** Names of report types: one of these. */
  type?: Array<string> | null | undefined;
};

/** How the rows are written. */
export type ReportFormat =
  | 'CSV'
  | 'JSON'
  | 'NDJSON';

/** Order of a list of reports; what has not finished comes last. */
export type ReportOrder =
  | 'CREATED_AT_ASC'
  | 'CREATED_AT_DESC'
  | 'FINISHED_AT_DESC';

/** Served by weight 8:4:2:1; within one priority tenants take turns; nothing starves. */
export type ReportPriority =
  | 'HIGH'
  | 'LOW'
  | 'NORMAL'
  | 'URGENT';

/** generated: byName, and one field for each report type with its parameters as an input type of their own. */
export type ReportRequestInput =
  {   /** Daily figures by region: A dashboard's figures: one row for each day and region of a period, also where nothing happened. A day is a day in the report's time zone. Money is in euro; canceled orders count only as canceled. */
  analytics: AnalyticsParametersInput; byName?: never; customers?: never; inventory?: never; orders?: never; sales?: never; users?: never; }
  |  { analytics?: never;   /** Any type by its file's name, checked by the same rules. */
  byName: ReportByNameInput; customers?: never; inventory?: never; orders?: never; sales?: never; users?: never; }
  |  { analytics?: never; byName?: never;   /** Customers by lifetime value: Every customer with what they have ordered so far and the segment that this puts them in. Money is in euro; canceled orders do not count. */
  customers: CustomersParametersInput; inventory?: never; orders?: never; sales?: never; users?: never; }
  |  { analytics?: never; byName?: never; customers?: never;   /** Inventory by product: What is on hand of each product at the end of a day, counted from every stock movement up to it, with its value at cost and whether it is time to reorder. */
  inventory: InventoryParametersInput; orders?: never; sales?: never; users?: never; }
  |  { analytics?: never; byName?: never; customers?: never; inventory?: never;   /** Orders: Every order in a period, one row each, with its customer and totals in euro and in the customer's currency. */
  orders: OrdersParametersInput; sales?: never; users?: never; }
  |  { analytics?: never; byName?: never; customers?: never; inventory?: never; orders?: never;   /** Sales by order line: Every order line in a period, with its order, customer and product. Money is in euro. Canceled orders are left out unless asked for. */
  sales: SalesParametersInput; users?: never; }
  |  { analytics?: never; byName?: never; customers?: never; inventory?: never; orders?: never; sales?: never;   /** Back-office users: Who may sign in to the shop's back office, in what role, and when they last did. */
  users: UsersParametersInput; };

/** What the current attempt is doing. */
export type ReportStage =
  | 'DONE'
  | 'QUEUED'
  | 'READING'
  | 'STORING'
  | 'WRITING';

/** Where a report is in its life. */
export type ReportStatus =
  | 'CANCELED'
  | 'CANCELING'
  | 'EXPIRED'
  | 'FAILED'
  | 'QUEUED'
  | 'RUNNING'
  | 'SUCCEEDED';

/** TENANT: everyone of the tenant, VIEWERs too, may read and download it. */
export type ReportVisibility =
  | 'PRIVATE'
  | 'TENANT';

/** A report type with its parameters, and how the document is wanted. */
export type RequestReportInput = {
  /** How the bytes are compressed. */
  compression?: ReportCompression | null | undefined;
  /** How CSV is written. */
  csvDialect?: CsvDialect | null | undefined;
  /** How the rows are written. */
  format?: ReportFormat | null | undefined;
  /** How soon it starts. */
  priority?: ReportPriority | null | undefined;
  /** What is asked for. */
  report: ReportRequestInput;
  /** To find it again. */
  tags?: Array<string> | null | undefined;
  /** In which relative dates and local times are meant. */
  timeZone?: string | null | undefined;
  /** Left out: one that a person recognises. */
  title?: string | null | undefined;
  /** Who else may read it. */
  visibility?: ReportVisibility | null | undefined;
};

/** ADMIN reads and manages all of one tenant, MEMBER asks and has its own, VIEWER reads what is visible to the TENANT. */
export type Role =
  | 'ADMIN'
  | 'MEMBER'
  | 'VIEWER';

/** generated: the parameters of Sales by order line. */
export type SalesParametersInput = {
  /** Last day, inclusive */
  endDate: string;
  /** Lines of canceled orders too */
  includeCanceled?: boolean | null | undefined;
  /** Only lines of at least this amount in euro */
  minAmount?: number | string | null | undefined;
  /** Only this region */
  region?: SalesRegion | null | undefined;
  /** First day, inclusive */
  startDate: string;
};

/** generated: Only this region */
export type SalesRegion =
  | 'APAC'
  | 'EU'
  | 'US';

/** What is wrong, for programs. It grows: accept values you do not know. */
export type UserErrorCode =
  | 'CONFLICT'
  | 'FORBIDDEN'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'INVALID'
  | 'LIMIT_REACHED'
  | 'NOT_CANCELABLE'
  | 'NOT_FOUND'
  | 'NOT_RETRYABLE'
  | 'REQUIRED';

/** generated: the parameters of Back-office users. */
export type UsersParametersInput = {
  /** True: only accounts in use; false: only closed ones; all when left out */
  active?: boolean | null | undefined;
  /** Last day that counts, inclusive */
  asOf?: string | null | undefined;
  /** Only this role */
  role?: UsersRole | null | undefined;
  /** Only who has not signed in for so many days, or never */
  unseenDays?: number | null | undefined;
};

/** generated: Only this role */
export type UsersRole =
  | 'ADMIN'
  | 'MANAGER'
  | 'SALES'
  | 'SUPPORT'
  | 'WAREHOUSE';

export type WhoAmIQueryVariables = Exact<{ [key: string]: never; }>;


export type WhoAmIQuery = { viewer: { tenant: string, scopes: Array<string>, tokenExpiresAt: string | null, user: { id: string, name: string, role: Role } } };

export type AddPersonMutationVariables = Exact<{
  name: string;
  email?: string | null | undefined;
  role: Role;
}>;


export type AddPersonMutation = { createUser: { user: { id: string, name: string, role: Role } | null, userErrors: Array<{ field: Array<string> | null, message: string, code: UserErrorCode }> } };

export type MakeTokenMutationVariables = Exact<{
  name: string;
  scopes: Array<string> | string;
  expiresIn?: string | null | undefined;
  userId?: string | number | null | undefined;
}>;


export type MakeTokenMutation = { createApiToken: { secret: string | null, token: { id: string, expiresAt: string | null } | null, userErrors: Array<{ field: Array<string> | null, message: string, code: UserErrorCode }> } };

export type WatchReportsSubscriptionVariables = Exact<{
  filter?: ReportFilter | null | undefined;
}>;


export type WatchReportsSubscription = { reportEvents: { kind: ReportEventKind, reportId: string | null, at: string, report: { id: string, title: string, status: ReportStatus } | null, progress: { sequence: number, status: ReportStatus, stage: ReportStage, attempt: number, percent: number | null, rowsWritten: number, rowsTotal: number | null, bytesWritten: number, message: string | null, etaSeconds: number | null, at: string } | null } };

export type ReportFactsFragment = { id: string, title: string, status: ReportStatus, parameters: unknown, resolvedParameters: unknown, attempt: number, createdAt: string, startedAt: string | null, finishedAt: string | null, type: { name: string }, failure: { code: ReportFailureCode, message: string, retryable: boolean } | null, document: { fileName: string, contentType: string, rowCount: number, byteSize: number, sha256: string, expiresAt: string, downloadUrl: string, summary: unknown } | null };

export type DocumentFactsFragment = { fileName: string, contentType: string, rowCount: number, byteSize: number, sha256: string, expiresAt: string, downloadUrl: string, summary: unknown };

export type ProgressFactsFragment = { sequence: number, status: ReportStatus, stage: ReportStage, attempt: number, percent: number | null, rowsWritten: number, rowsTotal: number | null, bytesWritten: number, message: string | null, etaSeconds: number | null, at: string };

export type WatchReportSubscriptionVariables = Exact<{
  id: string | number;
  after?: number | string | null | undefined;
}>;


export type WatchReportSubscription = { reportProgress: { sequence: number, status: ReportStatus, stage: ReportStage, attempt: number, percent: number | null, rowsWritten: number, rowsTotal: number | null, bytesWritten: number, message: string | null, etaSeconds: number | null, at: string } };

export type WhatCanBeAskedForQueryVariables = Exact<{ [key: string]: never; }>;


export type WhatCanBeAskedForQuery = { reportTypes: Array<{ name: string, title: string, inputField: string, available: boolean, unavailableReason: string | null, parameters: Array<{ name: string, type: string, required: boolean, default: unknown, values: Array<string> | null }>, columns: Array<{ name: string, type: string }> }> };

export type OneReportQueryVariables = Exact<{
  id: string | number;
}>;


export type OneReportQuery = { report: { id: string, title: string, status: ReportStatus, parameters: unknown, resolvedParameters: unknown, attempt: number, createdAt: string, startedAt: string | null, finishedAt: string | null, progress: { sequence: number, status: ReportStatus, stage: ReportStage, attempt: number, percent: number | null, rowsWritten: number, rowsTotal: number | null, bytesWritten: number, message: string | null, etaSeconds: number | null, at: string }, attempts: Array<{ number: number, outcome: ReportAttemptOutcome | null, failure: { code: ReportFailureCode, message: string } | null }>, type: { name: string }, failure: { code: ReportFailureCode, message: string, retryable: boolean } | null, document: { fileName: string, contentType: string, rowCount: number, byteSize: number, sha256: string, expiresAt: string, downloadUrl: string, summary: unknown } | null } | null };

export type SomeReportsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
  filter?: ReportFilter | null | undefined;
  order?: ReportOrder | null | undefined;
}>;


export type SomeReportsQuery = { reports: { totalCount: number, nodes: Array<{ id: string, title: string, status: ReportStatus, parameters: unknown, resolvedParameters: unknown, attempt: number, createdAt: string, startedAt: string | null, finishedAt: string | null, type: { name: string }, failure: { code: ReportFailureCode, message: string, retryable: boolean } | null, document: { fileName: string, contentType: string, rowCount: number, byteSize: number, sha256: string, expiresAt: string, downloadUrl: string, summary: unknown } | null }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type RequestReportMutationVariables = Exact<{
  input: RequestReportInput;
}>;


export type RequestReportMutation = { requestReport: { report: { id: string, title: string, status: ReportStatus, resolvedParameters: unknown } | null, userErrors: Array<{ field: Array<string> | null, message: string, code: UserErrorCode }> } };

export const DocumentFactsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"DocumentFacts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ReportDocument"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"fileName"}},{"kind":"Field","name":{"kind":"Name","value":"contentType"}},{"kind":"Field","name":{"kind":"Name","value":"rowCount"}},{"kind":"Field","name":{"kind":"Name","value":"byteSize"}},{"kind":"Field","name":{"kind":"Name","value":"sha256"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"downloadUrl"}},{"kind":"Field","name":{"kind":"Name","value":"summary"}}]}}]} as unknown as DocumentNode<DocumentFactsFragment, unknown>;
export const ReportFactsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ReportFacts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Report"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"type"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"parameters"}},{"kind":"Field","name":{"kind":"Name","value":"resolvedParameters"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}},{"kind":"Field","name":{"kind":"Name","value":"document"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"DocumentFacts"}}]}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"DocumentFacts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ReportDocument"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"fileName"}},{"kind":"Field","name":{"kind":"Name","value":"contentType"}},{"kind":"Field","name":{"kind":"Name","value":"rowCount"}},{"kind":"Field","name":{"kind":"Name","value":"byteSize"}},{"kind":"Field","name":{"kind":"Name","value":"sha256"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"downloadUrl"}},{"kind":"Field","name":{"kind":"Name","value":"summary"}}]}}]} as unknown as DocumentNode<ReportFactsFragment, unknown>;
export const ProgressFactsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ProgressFacts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ReportProgress"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"sequence"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"percent"}},{"kind":"Field","name":{"kind":"Name","value":"rowsWritten"}},{"kind":"Field","name":{"kind":"Name","value":"rowsTotal"}},{"kind":"Field","name":{"kind":"Name","value":"bytesWritten"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"etaSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"at"}}]}}]} as unknown as DocumentNode<ProgressFactsFragment, unknown>;
export const WhoAmIDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"WhoAmI"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"viewer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"user"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"role"}}]}},{"kind":"Field","name":{"kind":"Name","value":"tenant"}},{"kind":"Field","name":{"kind":"Name","value":"scopes"}},{"kind":"Field","name":{"kind":"Name","value":"tokenExpiresAt"}}]}}]}}]} as unknown as DocumentNode<WhoAmIQuery, WhoAmIQueryVariables>;
export const AddPersonDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"AddPerson"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"name"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"email"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"role"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Role"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createUser"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"name"},"value":{"kind":"Variable","name":{"kind":"Name","value":"name"}}},{"kind":"Argument","name":{"kind":"Name","value":"email"},"value":{"kind":"Variable","name":{"kind":"Name","value":"email"}}},{"kind":"Argument","name":{"kind":"Name","value":"role"},"value":{"kind":"Variable","name":{"kind":"Name","value":"role"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"user"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"role"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"field"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"code"}}]}}]}}]}}]} as unknown as DocumentNode<AddPersonMutation, AddPersonMutationVariables>;
export const MakeTokenDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"MakeToken"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"name"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"scopes"}},"type":{"kind":"NonNullType","type":{"kind":"ListType","type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"expiresIn"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Duration"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"userId"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createApiToken"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"name"},"value":{"kind":"Variable","name":{"kind":"Name","value":"name"}}},{"kind":"Argument","name":{"kind":"Name","value":"scopes"},"value":{"kind":"Variable","name":{"kind":"Name","value":"scopes"}}},{"kind":"Argument","name":{"kind":"Name","value":"expiresIn"},"value":{"kind":"Variable","name":{"kind":"Name","value":"expiresIn"}}},{"kind":"Argument","name":{"kind":"Name","value":"userId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"userId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"token"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"secret"}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"field"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"code"}}]}}]}}]}}]} as unknown as DocumentNode<MakeTokenMutation, MakeTokenMutationVariables>;
export const WatchReportsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"WatchReports"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ReportFilter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reportEvents"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"reportId"}},{"kind":"Field","name":{"kind":"Name","value":"report"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}},{"kind":"Field","name":{"kind":"Name","value":"progress"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ProgressFacts"}}]}},{"kind":"Field","name":{"kind":"Name","value":"at"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ProgressFacts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ReportProgress"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"sequence"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"percent"}},{"kind":"Field","name":{"kind":"Name","value":"rowsWritten"}},{"kind":"Field","name":{"kind":"Name","value":"rowsTotal"}},{"kind":"Field","name":{"kind":"Name","value":"bytesWritten"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"etaSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"at"}}]}}]} as unknown as DocumentNode<WatchReportsSubscription, WatchReportsSubscriptionVariables>;
export const WatchReportDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"WatchReport"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"BigInt"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reportProgress"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ProgressFacts"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ProgressFacts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ReportProgress"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"sequence"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"percent"}},{"kind":"Field","name":{"kind":"Name","value":"rowsWritten"}},{"kind":"Field","name":{"kind":"Name","value":"rowsTotal"}},{"kind":"Field","name":{"kind":"Name","value":"bytesWritten"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"etaSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"at"}}]}}]} as unknown as DocumentNode<WatchReportSubscription, WatchReportSubscriptionVariables>;
export const WhatCanBeAskedForDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"WhatCanBeAskedFor"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reportTypes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"inputField"}},{"kind":"Field","name":{"kind":"Name","value":"available"}},{"kind":"Field","name":{"kind":"Name","value":"unavailableReason"}},{"kind":"Field","name":{"kind":"Name","value":"parameters"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"required"}},{"kind":"Field","name":{"kind":"Name","value":"default"}},{"kind":"Field","name":{"kind":"Name","value":"values"}}]}},{"kind":"Field","name":{"kind":"Name","value":"columns"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"type"}}]}}]}}]}}]} as unknown as DocumentNode<WhatCanBeAskedForQuery, WhatCanBeAskedForQueryVariables>;
export const OneReportDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"OneReport"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"report"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ReportFacts"}},{"kind":"Field","name":{"kind":"Name","value":"progress"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ProgressFacts"}}]}},{"kind":"Field","name":{"kind":"Name","value":"attempts"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"outcome"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"DocumentFacts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ReportDocument"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"fileName"}},{"kind":"Field","name":{"kind":"Name","value":"contentType"}},{"kind":"Field","name":{"kind":"Name","value":"rowCount"}},{"kind":"Field","name":{"kind":"Name","value":"byteSize"}},{"kind":"Field","name":{"kind":"Name","value":"sha256"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"downloadUrl"}},{"kind":"Field","name":{"kind":"Name","value":"summary"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ReportFacts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Report"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"type"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"parameters"}},{"kind":"Field","name":{"kind":"Name","value":"resolvedParameters"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}},{"kind":"Field","name":{"kind":"Name","value":"document"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"DocumentFacts"}}]}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ProgressFacts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ReportProgress"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"sequence"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"percent"}},{"kind":"Field","name":{"kind":"Name","value":"rowsWritten"}},{"kind":"Field","name":{"kind":"Name","value":"rowsTotal"}},{"kind":"Field","name":{"kind":"Name","value":"bytesWritten"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"etaSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"at"}}]}}]} as unknown as DocumentNode<OneReportQuery, OneReportQueryVariables>;
export const SomeReportsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"SomeReports"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"last"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"before"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ReportFilter"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"order"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ReportOrder"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reports"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}},{"kind":"Argument","name":{"kind":"Name","value":"last"},"value":{"kind":"Variable","name":{"kind":"Name","value":"last"}}},{"kind":"Argument","name":{"kind":"Name","value":"before"},"value":{"kind":"Variable","name":{"kind":"Name","value":"before"}}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}},{"kind":"Argument","name":{"kind":"Name","value":"order"},"value":{"kind":"Variable","name":{"kind":"Name","value":"order"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ReportFacts"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"hasPreviousPage"}},{"kind":"Field","name":{"kind":"Name","value":"startCursor"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"DocumentFacts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ReportDocument"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"fileName"}},{"kind":"Field","name":{"kind":"Name","value":"contentType"}},{"kind":"Field","name":{"kind":"Name","value":"rowCount"}},{"kind":"Field","name":{"kind":"Name","value":"byteSize"}},{"kind":"Field","name":{"kind":"Name","value":"sha256"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"downloadUrl"}},{"kind":"Field","name":{"kind":"Name","value":"summary"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ReportFacts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Report"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"type"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"parameters"}},{"kind":"Field","name":{"kind":"Name","value":"resolvedParameters"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}},{"kind":"Field","name":{"kind":"Name","value":"document"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"DocumentFacts"}}]}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}}]}}]} as unknown as DocumentNode<SomeReportsQuery, SomeReportsQueryVariables>;
export const RequestReportDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RequestReport"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RequestReportInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"requestReport"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"report"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"resolvedParameters"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"field"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"code"}}]}}]}}]}}]} as unknown as DocumentNode<RequestReportMutation, RequestReportMutationVariables>;